package plugin

/*
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "gpu.h"
*/
import "C"

import (
	"sync"
	"unsafe"
)

// GPU describes a GPU as NVIDIA's driver reports it.
type GPU struct {
	Name       string `json:"name"`
	Memory     uint64 `json:"memory"`     // bytes
	Capability int    `json:"capability"` // compute capability times ten: 75 is 7.5
	CUDA       int    `json:"cuda"`       // the CUDA version that the driver supports: 13 is 13.x
}

// GPUs lists the GPUs of NVIDIA's driver. If there are none, the text gives the reason.
func GPUs() ([]GPU, string) {
	a := askDriver()
	return a.gpus, a.none
}

type driverAnswer struct {
	gpus []GPU
	none string
}

var askDriver = sync.OnceValue(func() (a driverAnswer) {
	var info [16]C.gpu_info
	var version C.int
	switch n := C.gpu_ask(&info[0], C.int(len(info)), &version); {
	case n == -1:
		a.none = "no NVIDIA driver is installed (libcuda.so.1)"
	case n < 0:
		a.none = "the NVIDIA driver is installed but does not work: see what nvidia-smi says"
	case n == 0:
		a.none = "the NVIDIA driver shows no GPU: see what nvidia-smi says, and CUDA_VISIBLE_DEVICES"
	default:
		for _, g := range info[:min(int(n), len(info))] {
			a.gpus = append(a.gpus, GPU{C.GoString(&g.name[0]), uint64(g.bytes), int(g.major*10 + g.minor), int(version) / 1000})
		}
	}
	return a
})

// preload loads a shared library, so that a later search for its name finds it. A failure is
// harmless if the library is not needed.
func preload(path string) bool {
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	return C.gpu_preload(p) != 0
}
