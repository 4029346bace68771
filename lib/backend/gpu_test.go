package backend

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/backend/plugin/plugintest"
)

func TestTheDriverTellsItsGPUs(t *testing.T) {
	a := task{Do: "gpus"}.start(t, plugintest.Driver(t, 2, 13010, 0)...)()
	want := []plugin.GPU{{Name: "Big", Memory: 8000000000, Capability: 86, CUDA: 13}, {Name: "Little", Memory: 8000000000, Capability: 86, CUDA: 13}}
	if !slices.Equal(a.GPUs, want) {
		t.Errorf("GPUs %v, want %v", a.GPUs, want)
	}
	if a = (task{Do: "gpus"}).start(t, plugintest.Driver(t, 0, 13010, 0)...)(); len(a.GPUs) != 0 || !strings.Contains(a.NoGPU, "shows no GPU") {
		t.Errorf("no GPU: %+v", a)
	}
	if a = (task{Do: "gpus"}).start(t, plugintest.Driver(t, 1, 13010, 100)...)(); len(a.GPUs) != 0 || !strings.Contains(a.NoGPU, "nvidia-smi") {
		t.Errorf("a driver that does not work: %+v", a)
	}
}

func TestAGPUThatCannotBeUsedIsWarnedOf(t *testing.T) {
	cache := t.TempDir()
	cpuOnly := filepath.Dir(string(cpuPlugin(t)))
	run := task{Do: "open", Choice: Auto, CacheDir: cache}
	env := append(plugintest.Driver(t, 1, 11080, 0), "PJRT_PLUGIN_LIBRARY_PATH="+cpuOnly, "HOME="+cache, "https_proxy=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9")
	a := run.start(t, env...)()
	if a.Error != "" || a.Kind != "cpu" || !strings.Contains(a.Log, "WARNING: the GPU (Big)") || !strings.Contains(a.Log, "CUDA 11 only: update it to one for CUDA 12") {
		t.Errorf("kind %q, error %q, log:\n%s", a.Kind, a.Error, a.Log)
	}
	run.Choice = CUDA
	if a = run.start(t, env...)(); !strings.Contains(a.Error, "CUDA 11 only") {
		t.Errorf("error %q", a.Error)
	}
}
