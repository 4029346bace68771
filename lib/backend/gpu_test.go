package backend

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakeDriver builds a libcuda.so.1 and returns the environment in which it is found.
func fakeDriver(t *testing.T, gpus, version, initError int) []string {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "cuda.c")
	text := fmt.Sprintf(`#include <string.h>
int cuInit(unsigned f) { return %d; }
int cuDeviceGetCount(int *n) { *n = %d; return 0; }
int cuDriverGetVersion(int *v) { *v = %d; return 0; }
int cuDeviceGet(int *d, int i) { *d = i; return 0; }
int cuDeviceGetName(char *s, int n, int d) { strncpy(s, d ? "Little" : "Big", n); return 0; }
int cuDeviceTotalMem_v2(unsigned long *b, int d) { *b = 8000000000; return 0; }
int cuDeviceGetAttribute(int *v, int a, int d) { *v = a == 75 ? 8 : a == 76 ? 6 : -1; return 0; }
`, initError, gpus, version)
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(compiler(t), "-shared", "-fPIC", "-o", filepath.Join(dir, "libcuda.so.1"), source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return []string{"LD_LIBRARY_PATH=" + dir}
}

func TestTheDriverTellsItsGPUs(t *testing.T) {
	a := task{Do: "gpus"}.start(t, fakeDriver(t, 2, 13010, 0)...)()
	want := []GPU{{"Big", 8000000000, 86, 13}, {"Little", 8000000000, 86, 13}}
	if !slices.Equal(a.GPUs, want) {
		t.Errorf("GPUs %v, want %v", a.GPUs, want)
	}
	if a = (task{Do: "gpus"}).start(t, fakeDriver(t, 0, 13010, 0)...)(); len(a.GPUs) != 0 || !strings.Contains(a.NoGPU, "shows no GPU") {
		t.Errorf("no GPU: %+v", a)
	}
	if a = (task{Do: "gpus"}).start(t, fakeDriver(t, 1, 13010, 100)...)(); len(a.GPUs) != 0 || !strings.Contains(a.NoGPU, "nvidia-smi") {
		t.Errorf("a driver that does not work: %+v", a)
	}
}

func TestAGPUThatCannotBeUsedIsWarnedOf(t *testing.T) {
	cache := t.TempDir()
	plugin := cpuPlugin(t)
	cpuOnly := filepath.Dir(string(plugin))
	run := task{Do: "open", Choice: Auto, CacheDir: cache}
	env := append(fakeDriver(t, 1, 11080, 0), "PJRT_PLUGIN_LIBRARY_PATH="+cpuOnly, "HOME="+cache, "https_proxy=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9")
	a := run.start(t, env...)()
	if a.Error != "" || a.Kind != "cpu" || !strings.Contains(a.Log, "WARNING: the GPU (Big)") || !strings.Contains(a.Log, "CUDA 11 only: update it to one for CUDA 12") {
		t.Errorf("kind %q, error %q, log:\n%s", a.Kind, a.Error, a.Log)
	}
	run.Choice = CUDA
	if a = run.start(t, env...)(); !strings.Contains(a.Error, "CUDA 11 only") {
		t.Errorf("error %q", a.Error)
	}
}

func TestWheelsForGPUs(t *testing.T) {
	cases := []struct {
		gpus []GPU
		want string
	}{
		{[]GPU{{CUDA: 13, Capability: 90}}, "jax-cuda13-pjrt"},
		{[]GPU{{CUDA: 13, Capability: 75}, {CUDA: 13, Capability: 120}}, "jax-cuda13-pjrt"},
		{[]GPU{{CUDA: 13, Capability: 90}, {CUDA: 13, Capability: 70}}, "jax-cuda12-pjrt"},
		{[]GPU{{CUDA: 12, Capability: 90}}, "jax-cuda12-pjrt"},
		{[]GPU{{CUDA: 11, Capability: 90}}, ""},
		{nil, ""},
	}
	for _, c := range cases {
		w, err := cudaWheel(c.gpus)
		if w.name != c.want || (err == nil) != (c.want != "") {
			t.Errorf("for %v: %s, %v; want %q", c.gpus, w.name, err, c.want)
		}
	}
}

func TestCUDAFindsItsLibrariesAndItsAssembler(t *testing.T) {
	for _, layout := range []struct{ plugin, library, assembler string }{
		{"jax_plugins/xla_cuda13/xla_cuda_plugin.so", "nvidia/cu13/lib/libcublas.so.13", "nvidia/cu13/bin/ptxas"},
		{"jax_plugins/xla_cuda12/xla_cuda_plugin.so", "nvidia/cublas/lib/libcublas.so.12", "nvidia/cuda_nvcc/bin/ptxas"},
		{"go-xla/nvidia/pjrt_c_api_cuda_plugin.so", "go-xla/nvidia/cu13/lib/libcublas.so.13", "go-xla/nvidia/bin/ptxas"},
	} {
		root := t.TempDir()
		at := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
		for _, name := range []string{layout.plugin, layout.library, layout.assembler} {
			if err := os.MkdirAll(filepath.Dir(at(name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(at(name), nil, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		nvidia := nvidiaDir(at(layout.plugin))
		if got := cudaLibraries(nvidia); !slices.Equal(got, []string{at(layout.library)}) {
			t.Errorf("%s: libraries %q", layout.plugin, got)
		}
		if got := filepath.Join(cudaDataDir(nvidia), "bin", "ptxas"); got != at(layout.assembler) {
			t.Errorf("%s: assembler %s", layout.plugin, got)
		}
	}
}
