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

// monitor reads the utilisation of a GPU from nvidia-smi. Without nvidia-smi it knows nothing.
type monitor struct {
	cmd *exec.Cmd

	mu    sync.Mutex
	sum   float64
	count int
}

// watchGPU starts to read, ten times a second.
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

// read adds up the lines, which are percentages, and skips others such as [N/A].
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

// take returns the sum of the samples since the last call, 0 to 1 each, and their number.
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
