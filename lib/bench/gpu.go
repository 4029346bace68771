package bench

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// monitor reads from nvidia-smi how busy a GPU is. Where that is not there, it knows nothing.
type monitor struct {
	cmd *exec.Cmd

	mu    sync.Mutex
	sum   float64
	count int
}

// watchGPU begins to read, ten times a second.
func watchGPU(ctx context.Context) *monitor {
	m := &monitor{}
	id, _, _ := strings.Cut(os.Getenv("CUDA_VISIBLE_DEVICES"), ",")
	if id == "" {
		id = "0"
	}
	cmd := exec.CommandContext(ctx, "nvidia-smi", "--id="+id, "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "--loop-ms=100")
	out, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		return m
	}
	m.cmd = cmd
	go m.read(out)
	return m
}

// read adds up the lines, which are percentages; anything else, such as [N/A], is passed over.
func (m *monitor) read(lines io.Reader) {
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		if x, err := strconv.ParseFloat(strings.TrimSpace(scanner.Text()), 64); err == nil {
			m.mu.Lock()
			m.sum += x / 100
			m.count++
			m.mu.Unlock()
		}
	}
}

// take returns the sum of what was read since the last time, 0 to 1 each, and how many that were.
func (m *monitor) take() (sum float64, count int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum, count = m.sum, m.count
	m.sum, m.count = 0, 0
	return
}

func (m *monitor) close() {
	if m.cmd != nil {
		m.cmd.Process.Kill()
		m.cmd.Wait()
	}
}
