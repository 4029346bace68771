package customcall

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

// Variable is the environment variable that selects the instruction set: plain, avx2 or avx512, by
// default the best one of the processor; off leaves everything to XLA.
const Variable = "ESSNAS_KERNELS"

// MaxChannels is the largest number of channels that kernels accept; a window of k x k counts as
// k*k times as many.
const MaxChannels = C.MAX_CHANNELS

// ErrOff is the error of [Register] if the user has switched the kernels off.
var ErrOff = errors.New(Variable + " is off")

// Register adds the kernels to a plugin for CPUs, given the extensions and the minor version of its
// PJRT table. It returns an error with the reason if the plugin does not accept them, or
// [ErrOff].
func Register(extensions unsafe.Pointer, version int) error {
	set := os.Getenv(Variable)
	if set == "off" {
		return ErrOff
	}
	text := C.CString(set)
	defer C.free(unsafe.Pointer(text))
	if reason := C.kernel_register(extensions, C.int(version), text); reason != nil {
		return fmt.Errorf("%s", C.GoString(reason))
	}
	return nil
}

// Set returns the instruction set in use: plain, avx2 or avx512, or "" before the kernels are
// registered.
func Set() string { return C.GoString(C.kernel_set()) }

// Runs reports whether the processor supports an instruction set.
func Runs(set string) bool {
	text := C.CString(set)
	defer C.free(unsafe.Pointer(text))
	return C.kernel_runs(text) != 0
}

//go:embed *.c *.h
var source embed.FS

// Version identifies the bits of the results: the instruction set and a hash of the kernels'
// source.
func Version() string { return Set() + " " + sum() }

var sum = sync.OnceValue(func() string {
	h := sha256.New()
	files, err := source.ReadDir(".")
	if err != nil {
		panic(err) // the files are embedded
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
