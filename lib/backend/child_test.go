package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/essnas/essnas/lib/backend/pjrt"
	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Tests of processes use processes: the test program starts itself with a task in its environment.
const taskVariable = "ESSNAS_BACKEND_TEST_TASK"

// task is the task of a child process.
type task struct {
	Do       string // "compute", "install", "gpus", "retune", "inspect"
	Choice   Choice
	CacheDir string
	NoCache  bool
	Devices  int
	FileSize uint64 // limit on the size of files that the child can write; 0 for none
}

// answer is the result of a child process.
type answer struct {
	Error   string
	Log     string
	Kind    string
	Plugin  string
	Devices int
	Bits    string // a hash of the bits of all results
	Stats   pjrt.CacheStats
	GPUs    []plugin.GPU
	NoGPU   string
	Env     []string
	PID     int
	Report  Report
}

func TestMain(m *testing.M) {
	text := os.Getenv(taskVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var t task
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		panic(err)
	}
	a := t.run()
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		panic(err)
	}
}

func (t task) run() (a answer) {
	ctx := context.Background()
	switch t.Do {
	case "retune":
		Retune()
		return answer{Env: os.Environ(), PID: os.Getpid()}
	case "gpus":
		a.GPUs, a.NoGPU = plugin.GPUs()
		return a
	case "inspect":
		return answer{Report: Inspect(ctx)}
	}
	if t.FileSize != 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: t.FileSize, Max: t.FileSize}); err != nil {
			return answer{Error: err.Error()}
		}
	}
	var log strings.Builder
	b, err := Open(ctx, Options{Choice: t.Choice, CacheDir: t.CacheDir, NoCache: t.NoCache, Devices: t.Devices, Log: &log})
	a.Log = log.String()
	if err != nil {
		a.Error = err.Error()
		return a
	}
	a.Kind, a.Plugin, a.Devices = b.Kind, b.Plugin, b.Backend.NumDevices()
	if t.Do == "compute" {
		a.Bits = computeBits(b)
		a.Stats = b.Stats()
	}
	return a
}

// start begins a child process; the returned function waits for the answer.
func (t task) start(tb testing.TB, env ...string) func() answer {
	tb.Helper()
	text, err := json.Marshal(t)
	if err != nil {
		tb.Fatal(err)
	}
	c := exec.CommandContext(tb.Context(), os.Args[0])
	c.Env = append(append(os.Environ(), env...), taskVariable+"="+string(text))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := c.Start(); err != nil {
		tb.Fatal(err)
	}
	return func() (a answer) {
		tb.Helper()
		b, err := io.ReadAll(out)
		if e := c.Wait(); err == nil {
			err = e
		}
		if err == nil {
			err = json.Unmarshal(b, &a)
		}
		if err != nil {
			tb.Fatalf("the child process failed: %v\n%s", err, b)
		}
		return a
	}
}

// compute runs a child that computes, and fails if the child fails.
func (t task) compute(tb testing.TB, env ...string) answer {
	tb.Helper()
	t.Do = "compute"
	a := t.start(tb, env...)()
	if a.Error != "" {
		tb.Fatal(a.Error)
	}
	return a
}

// programs is the number of different programs that computeBits compiles.
const programs = 2

// computeBits compiles small networks with their gradients in several goroutines, runs them twice,
// and hashes all results.
func computeBits(b *Backend) string {
	sums := make([]uint64, programs)
	var wg sync.WaitGroup
	for i := range sums {
		wg.Go(func() { sums[i] = networkBits(b, i+1) })
	}
	wg.Wait()
	return fmt.Sprintf("%x", sums)
}

func networkBits(b *Backend, layers int) uint64 {
	step := MustNewExec(b.Backend, func(in []*Node) []*Node {
		x := in[0]
		for _, w := range in[1:] {
			y := Dot(x, w).Product()
			y = Div(Sub(y, ReduceAndKeep(y, ReduceMean, 0)), Sqrt(AddScalar(ReduceAndKeep(Square(y), ReduceMean, 0), 1e-3)))
			x = Add(x, Tanh(y))
		}
		loss := ReduceAllMean(Square(x))
		return append(Gradient(loss, in[1:]...), loss)
	})
	random := uint32(layers)
	tensor := func(dims ...int) *tensors.Tensor {
		v := make([]float32, shapes.Make(dtypes.Float32, dims...).Size())
		for i := range v {
			random = random*1664525 + 1013904223
			v[i] = float32(random>>8)/(1<<24) - 0.5
		}
		return tensors.FromFlatDataAndDimensions(v, dims...)
	}
	in := []any{tensor(32, 48)}
	for range layers {
		in = append(in, tensor(48, 48))
	}
	h := fnv.New64a()
	for range 2 {
		for _, out := range step.MustCall(in...) {
			tensors.MustConstFlatData(out, func(flat []float32) {
				for _, v := range flat {
					bits := math.Float32bits(v)
					h.Write([]byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)})
				}
			})
		}
	}
	return h.Sum64()
}

// cpuPlugin is the path of the CPU's plugin, installed as for a user.
func cpuPlugin(tb testing.TB) Choice {
	tb.Helper()
	b, err := Open(tb.Context(), Options{Choice: CPU})
	if err != nil {
		tb.Fatal(err)
	}
	return Choice(b.Plugin)
}
