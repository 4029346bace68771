package kit

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/augment/distort"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/bench"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/settings"
)

// asWorker, set to 1, makes this test binary a worker: of the kit, or of the benchmark.
const asWorker = "ESSNAS_TEST_AS_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) != "1" {
		os.Exit(m.Run())
	}
	work := Work
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		work = bench.Work
	}
	if err := work(context.Background(), os.Stdin, os.Stdout); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Exit(0)
}

// small is a kit whose steps take seconds.
func small(t *testing.T) Kit {
	t.Helper()
	backendtest.Open(t) // installs a missing plugin once, before the workers
	t.Setenv(asWorker, "1")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	g, _ := cell.Published("PC_DARTS_cifar")
	n := settings.Train{Shared: settings.Shared{Cells: 3, Channels: 2, Batch: 4, Epochs: 2, Seed: 1, Devices: 1, LR: 0.1}, Labels: 1, Clip: 5}
	return Kit{
		Backend: backend.Rehearsal, Worker: []string{self, "step"}, Patience: 20 * time.Minute, Minute: 2 * time.Second,
		Path: filepath.Join(t.TempDir(), "gpu.txt"),
		Search: settings.Search{
			Shared: settings.Shared{Cells: 3, Channels: 4, Batch: 8, Epochs: 1000, Seed: 1, Devices: 1, LR: 0.1},
			Mixed:  settings.Mixed{SSScale: 1, SSFactor: 0.5}, Twins: settings.Twins{Views: distort.Default().String(), Projector: "6,5"},
			Partial: 2, Clip: 5, ArchLR: 1e-3, States: 3, Operations: "none,skip_connect,sep_conv_3x3",
		},
		Bench: bench.Bench{
			Worker: []string{self, "worker"}, Steps: 1, Repeat: 1,
			Workloads: []bench.Workload{{Name: "inference", Classes: 3, ImageChannels: 1, Side: 8, Train: &n, Genotype: &g, Inference: true}},
		},
	}
}

// file returns the text of the kit's file.
func file(t *testing.T, k Kit) string {
	t.Helper()
	text, err := os.ReadFile(k.Path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestARehearsalTakesAllStepsAndWritesThemDown(t *testing.T) {
	k := small(t)
	var order []string
	k.Told = func(s Step, ended bool) {
		if ended {
			order = append(order, s.Name)
		} else if !strings.Contains(file(t, k), "more steps were not taken yet") {
			t.Errorf("before %s the file does not say that it is unfinished", s.Name)
		}
	}
	r, err := k.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Err(); err != nil {
		t.Errorf("%v\n%s", err, r)
	}
	if strings.Join(order, ",") != strings.Join(Steps(), ",") {
		t.Errorf("the steps are %v", order)
	}
	text := file(t, k)
	for _, want := range []string{"PJRT 0.", "1 devices", "shifted: ", "native: ", "sep_conv_3x3", "on the CPU", "went on from its checkpoint", "inference", `"images_per_second"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the file has no %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "FAILED") || strings.Contains(text, "not taken yet") {
		t.Errorf("the file of a success tells a failure:\n%s", text)
	}
}

// faulty builds the plugin of testdata, which has a fault in each step, and lets workers load it.
func faulty(t *testing.T) {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/gomlx/go-xla").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	header := filepath.Join(strings.TrimSpace(string(out)), "pjrt")
	if out, err = exec.Command("go", "env", "CC").Output(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plugin := filepath.Join(dir, "pjrt_c_api_cpu_plugin.so")
	if out, err := exec.Command(strings.Fields(string(out))[0], "-shared", "-fPIC", "-I", header, "-o", plugin, "testdata/faulty.c", "-ldl").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("FAULTY_REAL", backendtest.Open(t).Plugin)
	t.Setenv("FAULTY_ONCE", filepath.Join(dir, "once"))
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", dir)
}

func TestAFaultInEachStepStopsNoOther(t *testing.T) {
	k := small(t)
	faulty(t)
	r, err := k.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"machine":      "",
		"plugin":       "crashed",
		"device":       "a product of matrices is wrong",
		"blocks":       "1 of ",
		"step float32": "a step is wrong: train_loss",
		"step bf16":    "crashed",
		"search":       "PJRT",
		"table":        "killed",
	}
	for _, s := range r.Steps {
		if w, ok := want[s.Name]; !ok || (w == "") != (s.Error == "") || !strings.Contains(s.Error, w) {
			t.Errorf("%s: the error is %q, want %q; messages:\n%s", s.Name, s.Error, w, s.Messages)
		}
		delete(want, s.Name)
	}
	if len(want) > 0 {
		t.Errorf("steps that were not taken: %v", want)
	}
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "7 of 8 steps failed, the first is plugin") {
		t.Errorf("the sentence is %v", err)
	}
	text := file(t, k)
	for _, want := range []string{"crashed", "native: classifier", "== table", "== all as JSON"} {
		if !strings.Contains(text, want) {
			t.Errorf("the file has no %q:\n%s", want, text)
		}
	}
}

// TestAfterACrashTheOtherBlocksAreCompared: one block is lost, and no step fails but this one.
func TestAfterACrashTheOtherBlocksAreCompared(t *testing.T) {
	k := small(t)
	faulty(t)
	t.Setenv("FAULTY", "blocks")
	s := Step{Name: "blocks"}
	if err := k.step(t.Context(), &s, &Report{}); err == nil || !strings.Contains(err.Error(), "1 of ") || !strings.Contains(err.Error(), "crashed") {
		t.Errorf("the error is %v", err)
	}
	compared := strings.Count(s.Text, "value ")
	if all := strings.Count(s.Text, "shifted: ") + strings.Count(s.Text, "native: "); compared < 10 || all != compared+3 { // the mixing weights in two forms are not on the CPU
		t.Errorf("%d blocks were compared, and %d are named: want one more\n%s", compared, all, s.Text)
	}
}

func TestAStepThatHangsEnds(t *testing.T) {
	k := Kit{Worker: []string{"sh", "-c", "echo waiting >&2; sleep 600 & wait"}, Patience: time.Second / 2, Backend: backend.Rehearsal}
	s := Step{Name: "device"}
	begin := time.Now()
	err := k.step(t.Context(), &s, &Report{})
	if err == nil || !strings.Contains(err.Error(), "did not end within 500ms") || !strings.Contains(s.Messages, "waiting") {
		t.Errorf("%v; %+v", err, s)
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func TestAFileThatCannotBeWrittenIsSaidBeforeTheFirstStep(t *testing.T) {
	k := Kit{Path: filepath.Join(t.TempDir(), "file"), Told: func(s Step, _ bool) { t.Errorf("step %s begins", s.Name) }}
	if err := os.WriteFile(k.Path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k.Path = filepath.Join(k.Path, "below.txt")
	if _, err := k.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "is a file and not a directory") {
		t.Errorf("the error is %v", err)
	}
}

func TestAStoppedKitSaysSo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	k := Kit{Worker: []string{"sleep", "600"}, Patience: time.Minute, Told: func(Step, bool) { stop() }}
	if _, err := k.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestDifferencesFromTheCPU(t *testing.T) {
	nan := float32(math.NaN())
	one := func(value float32, gradient ...float32) result {
		return result{Value: []float32{value}, Gradient: [][]float32{gradient}}
	}
	for _, c := range []struct {
		name      string
		got, want result
		fault     string
	}{
		{"the same", one(3, 1, 2), one(3, 1, 2), ""},
		{"rounded", one(3.000001, 1, 2), one(3, 1, 2), ""},
		{"TF32 keeps 11 bits", one(3*(1+1./512), 1, 2), one(3, 1, 2), "value differs"},
		{"another sign", one(3, 1, -2), one(3, 1, 2), "gradient differs"},
		{"not a number", one(3, 1, nan), one(3, 1, 2), "gradient differs"},
		{"the value is none", one(nan, 1, 2), one(3, 1, 2), "value differs"},
		{"no gradient", result{Value: []float32{3}}, one(3, 1, 2), "0 gradients, want 1"},
		{"cut off", one(3, 1), one(3, 1, 2), "gradient differs"},
		{"rounding of nothing", one(1e-9, 0, 0), one(0, 0, 0), ""},
	} {
		if _, _, fault := difference(c.got, c.want); (fault == "") != (c.fault == "") || !strings.Contains(fault, c.fault) {
			t.Errorf("%s: the fault is %q, want %q", c.name, fault, c.fault)
		}
	}
}
