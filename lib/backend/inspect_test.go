package backend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInspectChangesNothing(t *testing.T) {
	cache, home := t.TempDir(), t.TempDir()
	r := task{Do: "inspect"}.start(t, "ESSNAS_CACHE="+cache+"/new", "HOME="+home, "ESSNAS_BACKEND=", "VIRTUAL_ENV=", "CONDA_PREFIX=", "PJRT_PLUGIN_LIBRARY_PATH=")().Report
	for _, dir := range []string{cache, home} {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
			t.Errorf("%s holds %v, %v", dir, entries, err)
		}
	}
	if len(r.Kinds) != 3 || r.Kinds[2].State != Ready || r.Memory == 0 || r.DiskFree == 0 || r.Cores == 0 || r.CacheDir != cache+"/new" {
		t.Errorf("report %+v", r)
	}
	if cpu := r.Kinds[1]; cpu.State == Installable && !strings.Contains(cpu.Detail, "xla-cpu-pjrt 0.0.1") {
		t.Errorf("CPU: %+v", cpu)
	}
}

func TestInspectFindsWhatIsInstalled(t *testing.T) {
	plugin := cpuPlugin(t)
	r := task{Do: "inspect"}.start(t, "ESSNAS_BACKEND=")().Report
	cpu := r.Kinds[1]
	if cpu.State != Ready || cpu.Plugin != string(plugin) || len(cpu.Devices) != 1 || !strings.Contains(cpu.Version, "PJRT 0.") {
		t.Errorf("CPU: %+v", cpu)
	}
	if len(r.GPUs) == 0 && (r.Chosen != "cpu" || r.Kinds[0].State != Unusable || r.Kinds[0].Detail == "") {
		t.Errorf("report %+v", r)
	}
}

func TestInspectMakesNoCacheForAnInstalledPlugin(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "new")
	r := task{Do: "inspect"}.start(t, "ESSNAS_BACKEND=", "ESSNAS_CACHE="+cache, "PJRT_PLUGIN_LIBRARY_PATH="+filepath.Dir(string(cpuPlugin(t))))().Report
	if r.Kinds[1].State != Ready {
		t.Errorf("CPU: %+v", r.Kinds[1])
	}
	if isDir(cache) {
		t.Error("there is a cache now")
	}
}

func TestInspectSaysWhatIsWrongWithTheChoice(t *testing.T) {
	r := task{Do: "inspect"}.start(t, "ESSNAS_BACKEND=/nowhere/plugin.so", "ESSNAS_CACHE=/proc/essnas")().Report
	all := strings.Join(r.Advice, "\n")
	if !strings.Contains(all, "/nowhere/plugin.so") || !strings.Contains(all, "set ESSNAS_CACHE") {
		t.Errorf("advice:\n%s", all)
	}
}
