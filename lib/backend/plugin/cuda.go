package plugin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func onAMD64(sha256 string) map[string]string { return map[string]string{"amd64": sha256} }

// cuda13Wheel is for drivers with CUDA 13 and GPUs of compute capability 7.5 or higher. Its
// libraries are those of the extra "with-cuda" of the package jax-cuda13-plugin.
var cuda13Wheel = Wheel{
	wheel:   wheel{"jax-cuda13-pjrt", "0.12.0.1", onAMD64("5899bb6177eda86ea532afb9a26794f2bdd04966f6a01f9028266b16c2b6cf90")},
	library: "jax_plugins/xla_cuda13/xla_cuda_plugin.so",
	Size:    "2.4 GB",
	libraries: []wheel{
		{"nvidia-cublas", "13.10.0.20", onAMD64("dcc6d63884c53d07e267ce7e6feac17b2538cebaafec5db865736c3e28e4dc84")},
		{"nvidia-cuda-cupti", "13.5.25", onAMD64("9dcca41c12a734192b14e7128ae116bc9ce1b9da686e2ebf48ae7a4415f76650")},
		{"nvidia-cuda-nvcc", "13.5.37", onAMD64("f5c4f7ead5d964fb4af42bbf1e6d3ec3c1e6e9d83b53749f691d387e7fcaa3a7")},
		{"nvidia-cuda-runtime", "13.5.37", onAMD64("df2b79a8852f10d1fef8c848489c49eebb5754051bf870202a862831412b179d")},
		{"nvidia-cudnn-cu13", "9.28.1.4", onAMD64("a54f205b1db1f2895d99f398754db1369816f0569dd459731f925635cf7b65ec")},
		{"nvidia-cufft", "12.5.0.14", onAMD64("b8be26837a5abad2b5b74f3e92dd29f622a42934b355be0961a48712cbba23ad")},
		{"nvidia-cusolver", "12.4.1.2", onAMD64("b3b8e02fd2f2df869369af075dc3a179d43f6f7b85e94632a7dce556697be044")},
		{"nvidia-cusparse", "12.9.4.2", onAMD64("072667e58c851a318738f5527a12eb225cbf058803f2ea451c722d8cf8edddec")},
		{"nvidia-nccl-cu13", "2.32.3", onAMD64("1459723080ac889d73a26edfa3e04383a7928ab31ac8f0ec43b3ea9548b04ff3")},
		{"nvidia-nvjitlink", "13.5.37", onAMD64("280d7cb9649704145f074b8dbde500de04ce02d0872e066e20a83c17bcaa93eb")},
		{"nvidia-cuda-nvrtc", "13.5.37", onAMD64("86b4d68058807988b7d9af5b44917a0601e9c337f35ccd657bfb3c759ff8d8bc")},
		{"nvidia-nvshmem-cu13", "3.8.0", onAMD64("81a4d1f666543e6d34df6d2ff940c7da1435e34e186aab6f3c2b48861b64ef38")},
		{"nvidia-nvvm", "13.5.37", onAMD64("c41bfa362e407405163f103c2229f0765f8cc2ed7d148b754dc77f228bf7e070")},
	},
}

// cuda12Wheel is for older drivers and GPUs.
var cuda12Wheel = Wheel{
	wheel:   wheel{"jax-cuda12-pjrt", "0.12.0.1", onAMD64("5ec28e06198d094031c37590b4ea753ae8cde4879ab4b60baf40f0dffb673286")},
	library: "jax_plugins/xla_cuda12/xla_cuda_plugin.so",
	Size:    "3 GB",
	libraries: []wheel{
		{"nvidia-cublas-cu12", "12.9.3.13", onAMD64("d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72")},
		{"nvidia-cuda-cupti-cu12", "12.9.79", onAMD64("096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f")},
		{"nvidia-cuda-nvcc-cu12", "12.9.86", onAMD64("5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0")},
		{"nvidia-cuda-runtime-cu12", "12.9.79", onAMD64("25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3")},
		{"nvidia-cudnn-cu12", "9.28.0.42", onAMD64("9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375")},
		{"nvidia-cufft-cu12", "11.4.1.4", onAMD64("c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28")},
		{"nvidia-cusolver-cu12", "11.7.5.82", onAMD64("15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88")},
		{"nvidia-cusparse-cu12", "12.5.10.65", onAMD64("73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78")},
		{"nvidia-nccl-cu12", "2.32.3", onAMD64("bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c")},
		{"nvidia-nvjitlink-cu12", "12.9.86", onAMD64("e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9")},
		{"nvidia-cuda-nvrtc-cu12", "12.9.86", onAMD64("210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4")},
		{"nvidia-nvshmem-cu12", "3.8.0", onAMD64("b2e5760d6158aefe7bb74348d5128bb1b46a7dd1fd4b7b1e6fe55b4b07888f70")},
	},
}

// cudaWheel selects one of the two wheels for the GPUs of this machine.
func cudaWheel(gpus []GPU) (Wheel, error) {
	if len(gpus) == 0 {
		_, none := GPUs()
		return Wheel{}, errors.New(none)
	}
	driver := gpus[0].CUDA
	if driver < 12 {
		return Wheel{}, &Fault{fmt.Sprintf("the NVIDIA driver supports CUDA %d only", driver), "update it to one for CUDA 12 or later"}
	}
	if driver >= 13 && slices.MinFunc(gpus, func(a, b GPU) int { return a.Capability - b.Capability }).Capability >= 75 {
		return cuda13Wheel, nil
	}
	return cuda12Wheel, nil
}

// PrepareCUDA prepares the process for a CUDA plugin. It loads NVIDIA's libraries from the
// directory "nvidia" beside the plugin, since the plugin searches for them by name only, and tells
// XLA the places of ptxas and libdevice. Without this directory the libraries of the system are
// used.
func PrepareCUDA(plugin string) {
	// Some algorithms of cuDNN sum in a varying order, so repeated runs would differ in bits.
	addFlag("--xla_gpu_exclude_nondeterministic_ops", "true")
	nvidia := nvidiaDir(plugin)
	if nvidia == "" {
		return
	}
	for _, library := range cudaLibraries(nvidia) {
		preload(library)
	}
	if data := cudaDataDir(nvidia); data != "" {
		addFlag("--xla_gpu_cuda_data_dir", data)
	}
}

// addFlag adds a flag of XLA unless the user has set it.
func addFlag(name, value string) {
	if flags := os.Getenv("XLA_FLAGS"); !strings.Contains(flags, name) {
		os.Setenv("XLA_FLAGS", strings.TrimSpace(flags+" "+name+"="+value))
	}
}

// nvidiaDir returns the directory of NVIDIA's Python packages that belongs to a plugin, or "". It
// searches the places of the plugin's own search path.
func nvidiaDir(plugin string) string {
	parent := filepath.Dir(filepath.Dir(plugin))
	for _, dir := range []string{filepath.Join(parent, "nvidia"), filepath.Join(filepath.Dir(parent), "nvidia")} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
	}
	return ""
}

// cudaLibraries lists the libraries that XLA opens by name, each after its dependencies.
func cudaLibraries(nvidia string) []string {
	var found []string
	for _, name := range []string{"cudart", "nvrtc", "nvJitLink", "cublasLt", "cublas", "nccl", "cupti", "cusparse", "cusolver", "cufft", "nvshmem_host", "cudnn"} {
		files, _ := filepath.Glob(filepath.Join(nvidia, "*", "lib", "lib"+name+".so.*"))
		found = append(found, files...)
	}
	return found
}

// cudaDataDir is the directory that contains bin/ptxas and nvvm/libdevice.
func cudaDataDir(nvidia string) string {
	for _, sub := range []string{"cu13", "cuda_nvcc", "."} {
		if dir := filepath.Join(nvidia, sub); isFile(filepath.Join(dir, "bin", "ptxas")) {
			return dir
		}
	}
	return ""
}
