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
