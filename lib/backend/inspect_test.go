package backend

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
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

func TestALimitOfAContainerCountsAsItsMemory(t *testing.T) {
	const giB = 1 << 30
	v1 := "33 25 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	v2 := "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
	for law, c := range map[string]struct {
		mounts, groups   string
		files            map[string]int
		limit, available uint64
		advice           string
	}{
		"version 1": {v1, "4:memory:/c\n", map[string]int{"memory/c/memory.limit_in_bytes": giB, "memory/c/memory.usage_in_bytes": giB / 4}, giB, giB - giB/4, "0.8 GB of memory are free: a search on CIFAR-10 takes 1.5 GB; give the container or job more"},
		"version 2": {v2, "0::/\n", map[string]int{"memory.max": 4 * giB, "memory.current": giB}, 4 * giB, 3 * giB, ""},
		"the machine has less free memory than the container may take": {v2, "0::/\n", map[string]int{"memory.max": 15 * giB, "memory.current": giB}, 15 * giB, 10 * giB, ""},
		"a limit above the machine's memory is none":                   {v2, "0::/\n", map[string]int{"memory.max": 32 * giB, "memory.current": 31 * giB}, 0, 10 * giB, ""},
		"no limit": {v1, "4:memory:/c\n", nil, 0, 10 * giB, ""},
	} {
		root := t.TempDir()
		write := func(name, text string) {
			t.Helper()
			name = filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		write("proc/self/mountinfo", c.mounts)
		write("proc/self/cgroup", c.groups)
		for name, n := range c.files {
			write("sys/fs/cgroup/"+name, strconv.Itoa(n))
		}
		var r Report
		var advice string
		r.inspectMemory(root, 16*giB, 10*giB, func(format string, a ...any) { advice += fmt.Sprintf(format, a...) })
		if r.Memory != 16*giB || r.MemoryLimit != c.limit || r.MemoryAvailable != c.available {
			t.Errorf("%s: %d bytes, limit %d, available %d; want limit %d, available %d", law, r.Memory, r.MemoryLimit, r.MemoryAvailable, c.limit, c.available)
		}
		if !strings.HasPrefix(advice, c.advice) || (advice == "") != (c.advice == "") {
			t.Errorf("%s: the advice is %q, want %q", law, advice, c.advice)
		}
	}
}
