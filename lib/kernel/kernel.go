package kernel

// #cgo CFLAGS: -O3
// #cgo LDFLAGS: -lm -lpthread
// #include <stdlib.h>
// #include "handlers.h"
// #include "kernels.h"
import "C"

import (
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"
)

// Variable names the instruction set in the environment: plain, avx2 or avx512 (the best that the processor has, if it is not set); off for XLA alone.
const Variable = "ESSNAS_KERNELS"

// MaxChannels is how many channels of an image kernels take; a window of k x k counts as k*k times as many.
const MaxChannels = C.MAX_CHANNELS

// Off is Register's error where nobody wants kernels.
var Off = errors.New(Variable + " is off")

// Register gives the kernels to a plugin for CPUs, by the extensions and the minor version of its PJRT table. An error says why it does not take them.
func Register(extensions unsafe.Pointer, version int) error {
	set := os.Getenv(Variable)
	if set == "off" {
		return Off
	}
	text := C.CString(set)
	defer C.free(unsafe.Pointer(text))
	if reason := C.kernel_register(extensions, C.int(version), text); reason != nil {
		return fmt.Errorf("%s", C.GoString(reason))
	}
	return nil
}

// Set is the instruction set in use: plain, avx2 or avx512; "" before kernels were registered with a plugin.
func Set() string { return C.GoString(C.kernel_set()) }

// Runs says whether the processor has an instruction set.
func Runs(set string) bool {
	text := C.CString(set)
	defer C.free(unsafe.Pointer(text))
	return C.kernel_runs(text) != 0
}

//go:embed *.c *.h
var source embed.FS

// Version is a hash of the kernels' source, and the instruction set: what the bits of their results depend on.
func Version() string { return Set() + " " + sum() }

var sum = sync.OnceValue(func() string {
	h := sha256.New()
	files, err := source.ReadDir(".")
	if err != nil {
		panic(err) // it is embedded
	}
	for _, f := range files {
		text, err := source.ReadFile(f.Name())
		if err != nil {
			panic(err)
		}
		h.Write(text)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
})

func has(name string) bool {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	return C.kernel_has(text) != 0
}
