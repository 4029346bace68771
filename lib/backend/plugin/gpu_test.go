package plugin

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

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

func TestFlagsOfTheUserStay(t *testing.T) {
	t.Setenv("XLA_FLAGS", "--xla_gpu_exclude_nondeterministic_ops=false")
	addFlag("--xla_gpu_exclude_nondeterministic_ops", "true")
	addFlag("--xla_gpu_cuda_data_dir", "/cuda")
	if got, want := os.Getenv("XLA_FLAGS"), "--xla_gpu_exclude_nondeterministic_ops=false --xla_gpu_cuda_data_dir=/cuda"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
