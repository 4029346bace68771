package bench

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestAGPUIsAsBusyAsItsMonitorSays(t *testing.T) {
	m := &monitor{}
	m.read(strings.NewReader("50\n 100\n[N/A]\n0\n"))
	if sum, n := m.take(); sum != 1.5 || n != 3 {
		t.Errorf("%g of %d looks, want 1.5 of 3", sum, n)
	}
	if _, n := m.take(); n != 0 {
		t.Errorf("%d looks are counted twice", n)
	}
}

func TestTheMonitorIsNvidiaSmi(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\n[ \"$1\" = --id=3 ] || exit 1\nwhile :; do echo 80; sleep 0.01; done\n"
	if err := os.WriteFile(dir+"/nvidia-smi", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("CUDA_VISIBLE_DEVICES", "3,1")
	m := watchGPU(t.Context())
	defer m.close()
	for range 500 {
		if sum, n := m.take(); n > 0 {
			if mean := sum / float64(n); mean < 0.79 || mean > 0.81 {
				t.Errorf("busy %g, want 0.8", mean)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("nothing was read")
}

func TestWithoutNvidiaSmiNothingIsKnown(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	m := watchGPU(t.Context())
	defer m.close()
	if _, n := m.take(); n != 0 {
		t.Errorf("%d looks", n)
	}
}

// TestAGPUsMeasurementIsRehearsed: races, steps and an epoch on the CPU treated as a GPU. A failing
// workload does not stop the others.
func TestAGPUsMeasurementIsRehearsed(t *testing.T) {
	w := tiny(t, "search")
	w.EpochImages = 24
	t.Setenv("ESSNAS_BACKEND", "rehearsal")
	r, err := run(t, Bench{Workloads: []Workload{w.WithPrecision("half"), w}, GPU: true})
	if err != nil {
		t.Fatal(err)
	}
	if bad := r.Results[0]; !strings.Contains(bad.Error, "half") || bad.Epoch != nil {
		t.Errorf("a workload that can't be: %+v", bad)
	}
	x := r.Results[1]
	if x.Error != "" || x.Executions < 100 || x.Waits > 10 || x.Uploads == 0 || len(x.Step.Values) != 6 {
		t.Errorf("%q: %d programs a step, %d waits, %d uploads, steps %v", x.Error, x.Executions, x.Waits, x.Uploads, x.Step.Values)
	}
	if e := x.Epoch; e == nil || e.Steps != 4 || e.Epochs != 2 || e.Seconds <= 0 || e.Executions < 3*x.Executions {
		t.Fatalf("the epoch is %+v", e)
	}
	if n := len(x.Choices); n < 12 {
		t.Errorf("%d races", n)
	}
	busy := 0.5
	x.Epoch.GPU = &busy
	r.Results[1] = x
	text := r.String()
	for _, want := range []string{`precision is "half"`, "shifted", "An epoch of search, 4 steps", "the host launched"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report has no %q:\n%s", want, text)
		}
	}
}
