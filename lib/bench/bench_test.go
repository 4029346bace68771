package bench

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/augment/distort"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/settings"
)

// asWorker, set to 1, makes this test binary a worker.
const asWorker = "ESSNAS_TEST_AS_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) == "1" {
		if err := Work(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// tiny returns workloads that compile in seconds.
func tiny(t *testing.T, name string) Workload {
	g, _ := cell.Published("PC_DARTS_cifar")
	s := settings.Search{Shared: settings.Shared{Cells: 3, Channels: 4, Batch: 4, Epochs: 2, Seed: 1, Devices: 1, LR: 0.1}, Mixed: settings.Mixed{SSScale: 1}, Twins: settings.Twins{Views: distort.Default().String(), Projector: "6,5"}, Partial: 2, Clip: 5, ArchLR: 1e-3}
	n := settings.Train{Shared: settings.Shared{Cells: 3, Channels: 2, Batch: 4, Epochs: 2, Seed: 1, Devices: 1, LR: 0.1}, Labels: 1, Clip: 5}
	w := Workload{Name: name, Classes: 3, ImageChannels: 1, Side: 8}
	switch name {
	case "search":
		w.Search = &s
	case "twins":
		s.SSFactor = 0.5
		w.Search = &s
	case "phase":
		s.Partial, s.Phases = 1, "3/8 4/3/0.5"
		w.Search = &s
	case "train":
		n.Auxiliary, n.DropPath, n.Cutout, w.Side = 0.4, 0.2, 4, 32
		w.Train, w.Genotype = &n, &g
	case "inference":
		w.Train, w.Genotype, w.Inference = &n, &g, true
	case "fgsm", "pgd":
		w.Train, w.Genotype, w.Attack = &n, &g, name
	default:
		t.Fatal(name)
	}
	return w
}

// run measures with this test binary as worker.
func run(t *testing.T, b Bench) (*Report, error) { return runUntil(t, t.Context(), b) }

func runUntil(t *testing.T, ctx context.Context, b Bench) (*Report, error) {
	t.Helper()
	backendtest.Open(t) // installs a missing plugin once, before the workers
	t.Setenv(asWorker, "1")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b.Worker, b.Steps, b.Repeat = []string{self}, 2, 3
	if b.Backend = backend.FromEnvironment(); b.Backend == backend.Auto {
		b.Backend = backend.CPU
	}
	return b.Run(ctx)
}

func TestAWorkloadIsMeasuredInProcessesOfItsOwn(t *testing.T) {
	var told []string
	last := 0.0
	w := tiny(t, "inference")
	r, err := run(t, Bench{Workloads: []Workload{w}, Cold: true, Progress: func(text string, done float64, _ time.Duration) {
		if done < last || done > 1 {
			t.Errorf("%s: %g of all is done after %g", text, done, last)
		}
		last = done
		told = append(told, text)
	}})
	if err != nil {
		t.Fatal(err)
	}
	x := r.Results[0]
	weights, macs := network.New(*w.Genotype, 3, 2, 3, 1, 8, 4, false).Count()
	if x.Weights != weights || x.MACs != macs || x.Batch != 4 || x.Images != 4 {
		t.Errorf("%d weights, %d MACs, batch %d, %d images, want %d, %d, 4, 4", x.Weights, x.MACs, x.Batch, x.Images, weights, macs)
	}
	if len(x.Step.Values) != 6 || x.Step.Min > x.Step.Median || x.Step.Median > x.Step.Max || x.Step.Min <= 0 {
		t.Errorf("steps are %+v: want 2 of each of 3 turns", x.Step)
	}
	calls := len(block.NewPlan(func(r block.Runner) { network.New(*w.Genotype, 3, 2, 3, 1, 8, 4, false).Run(r, &block.Value{}, nil) }).Calls)
	// one more execution makes the batch
	if x.Executions != uint64(calls)+1 || x.Waits < x.Executions {
		t.Errorf("a step runs %d programs and waits %d times: the network makes %d calls", x.Executions, x.Waits, calls)
	}
	if x.Programs == 0 || x.Call <= 0 || x.CPU <= 0 || x.Cold.FirstStep < x.Cold.Compile || x.Warm.FirstStep < x.Warm.Compile {
		t.Errorf("%+v", x)
	}
	if peak, held := x.Peak, x.Held; peak < held || held < 10<<20 {
		t.Errorf("holds %d bytes, at most %d", held, peak)
	}
	if self, _ := (&child{cmd: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}).memory(); self == 0 {
		t.Error("the memory of a process is not found")
	}
	text := strings.Join(told, "\n")
	for _, want := range []string{"inference: compiling", "inference: loading", "inference: turn 3 of 3"} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing was told of %q:\n%s", want, text)
		}
	}
}

// Ctrl-C loses no finished measurement and leaves no worker.
func TestStoppedABenchmarkKeepsWhatIsDone(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	first, second := tiny(t, "inference"), tiny(t, "inference")
	second.Name = "second"
	b := Bench{Workloads: []Workload{first, second}, Progress: func(text string, _ float64, _ time.Duration) {
		if text == "second: warming up" {
			stop()
		}
	}}
	r, err := runUntil(t, ctx, b)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v, want that it was canceled", err)
	}
	if len(r.Results) != 1 || r.Results[0].Workload != "inference" || !strings.Contains(r.String(), "inference") {
		t.Errorf("of two workloads, of which one was done, are kept %+v", r.Results)
	}
	if left, err := filepath.Glob("/proc/self/task/*/children"); err == nil {
		for _, path := range left {
			if text, _ := os.ReadFile(path); strings.TrimSpace(string(text)) != "" {
				t.Errorf("workers are left: %s", text)
			}
		}
	}
}

func TestPatienceWithACompilerEnds(t *testing.T) {
	slow := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(slow, []byte("#!/bin/sh\nexec sleep 100\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := run(t, Bench{Workloads: []Workload{tiny(t, "inference")}, Against: []Peer{{"compile"}}, Python: slow, Patience: time.Second / 2})
	if err != nil {
		t.Fatal(err)
	}
	if x := r.Results[0]; len(x.Against) != 1 || !strings.Contains(x.Against[0].Error, "within 500ms") || x.Ratio != nil || !strings.Contains(r.String(), "no first step within 500ms") {
		t.Errorf("%+v\n%s", x.Against, r)
	}
}

func TestTheSecondProcessFindsWhatTheFirstCompiled(t *testing.T) {
	cache := t.TempDir() + "/cache"
	if err := emptyCache(cache); err != nil {
		t.Fatal(err)
	}
	backendtest.Open(t)
	self, _ := os.Executable()
	for i, want := range []bool{false, true} {
		c, err := launch(t.Context(), []string{self}, []string{asWorker + "=1", "ESSNAS_CACHE=" + cache}, nil, 0,
			job{Workload: tiny(t, "inference"), Backend: "cpu"}, func(int, int) {})
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		if loaded := c.Ready.Loaded == c.Ready.Programs; loaded != want || c.Ready.Programs < 5 {
			t.Errorf("process %d loaded %d of %d programs", i, c.Ready.Loaded, c.Ready.Programs)
		}
	}
}

func TestPyTorchHasTheSameNetworks(t *testing.T) {
	python, b, dir := torch(t), backendtest.Open(t), t.TempDir()
	if err := unpack(dir + "/peer"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"search", "twins", "phase", "train", "inference", "fgsm", "pgd"} {
		w := tiny(t, name)
		ours, err := w.start(b, false)
		if err != nil {
			t.Fatal(err)
		}
		defer ours.Close()
		other, err := Bench{Python: python}.launchPeer(t.Context(), w, Peer{"eager"}, dir, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer other.close()
		weights, _ := ours.count()
		if err := (&Result{Weights: weights}).same(other); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := (&Result{Weights: weights + 1}).same(other); err == nil || !strings.Contains(err.Error(), "can't be compared") {
			t.Errorf("%s: networks of different size are compared: %v", name, err)
		}
	}
}

func TestBothSidesTakeTurns(t *testing.T) {
	python := torch(t)
	r, err := run(t, Bench{Workloads: []Workload{tiny(t, "inference")}, Against: []Peer{{"eager"}}, Python: python})
	if err != nil {
		t.Fatal(err)
	}
	x := r.Results[0]
	if x.Cold != nil || len(x.Ratio.Values) != 3 || x.Best != "eager" || !strings.HasPrefix(x.Against[0].Runtime, "PyTorch ") || x.Against[0].Peak == 0 {
		t.Errorf("%+v", x)
	}
	if !strings.Contains(r.String(), x.Ratio.String()) {
		t.Errorf("the ratio is not in the table:\n%s", r)
	}
}

// torch returns a Python with PyTorch: $ESSNAS_TEST_PYTHON, or python3.
func torch(t *testing.T) string {
	python := os.Getenv("ESSNAS_TEST_PYTHON")
	if python == "" {
		python = "python3"
	}
	if exec.Command(python, "-c", "import torch").Run() != nil {
		t.Skip("there is no PyTorch: name a Python that has it by ESSNAS_TEST_PYTHON")
	}
	return python
}

func TestAPythonWithoutPyTorchIsSaidSo(t *testing.T) {
	dir := t.TempDir()
	if err := unpack(dir + "/peer"); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no Python")
	}
	// without site packages
	os.WriteFile(dir+"/python", []byte("#!/bin/sh\nexec python3 -S -I \"$@\"\n"), 0o755)
	for python, want := range map[string]string{dir + "/python": "pip install torch", dir + "/none": "can't be run"} {
		_, err := Bench{Python: python}.launchPeer(t.Context(), tiny(t, "search"), Peer{"eager"}, dir, 1)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--python") {
			t.Errorf("%s: %v", python, err)
		}
	}
}

func TestACanceledBenchmarkLeavesNoProcess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := &child{}
	var err error
	sleeper := []string{"sh", "-c", `echo '{"ready": {}}'; sleep 600 & wait`}
	if c, err = launch(ctx, sleeper, nil, nil, 0, job{}, nil); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := c.steps(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for range 100 { // the kernel takes a moment
		if exec.Command("kill", "-0", "--", "-"+itoa(c.cmd.Process.Pid)).Run() != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("what the worker started is still there")
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestAWorkersLastWordsAreTheError(t *testing.T) {
	_, err := launch(t.Context(), []string{"sh", "-c", "read job; echo hello >&2; echo 'essnas: no memory is left' >&2; exit 1"}, nil, nil, 0, job{}, nil)
	if err == nil || err.Error() != "no memory is left" {
		t.Error(err)
	}
}

func TestAWorkloadChangesItsBatchAndPrecisionAlone(t *testing.T) {
	for _, w := range Workloads() {
		before := w.Batch()
		v := w.WithBatch(before + 2).WithPrecision("bf16")
		if v.Batch() != before+2 || v.Precision() != "bf16" || w.Batch() != before || w.Precision() != "float32" {
			t.Errorf("%s: batch %d, %s; the original %d, %s", w.Name, v.Batch(), v.Precision(), w.Batch(), w.Precision())
		}
		if w.BatchGPU < w.Batch() {
			t.Errorf("%s has a smaller batch on a GPU", w.Name)
		}
	}
}

func TestWorkloadsHaveTheWeightsOfTheirNetworks(t *testing.T) {
	b := backendtest.Open(t)
	want := map[string]int{}
	for _, c := range golden.Counts(t) {
		switch {
		case c.Supernet == "pc-darts" && c.Cells == 8:
			want["pc-darts"] = c.Weights
			want["barlow-twins"] = c.Weights + 256*128 // the projector
		case c.Supernet == "p-darts" && c.Cells == 8:
			want["darts"] = c.Weights
		case c.Genotype == "PC_DARTS_cifar" && c.Classes == 10 && c.Size == 32:
			want["train"], want["inference"] = c.WeightsWithAuxiliary, c.Weights
		}
	}
	for _, w := range Workloads() {
		n, ok := want[w.Name]
		// third phases have a random choice of operations, and PyTorch counts the attacked network
		if !ok && w.Attack == "" && !strings.HasPrefix(w.Name, "p") {
			t.Errorf("%s has no count", w.Name)
		}
		task, err := w.WithBatch(2).start(b, false)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := task.count(); ok && got != n || got == 0 {
			t.Errorf("%s has %d weights, want %d", w.Name, got, n)
		}
		task.Close()
	}
}
