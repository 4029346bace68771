package pjrt

// A plugin is a table of C functions, so the cache takes the places of two functions between go-xla
// and the plugin. hook loads the library and copies its table. In the copy, essnasCompile and
// essnasDestroy (shared.go) replace PJRT_Client_Compile and PJRT_LoadedExecutable_Destroy, and
// counters precede further functions. go-xla gets the copy as a plugin that is already loaded.

/*
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "arrays.h"
#include "hook.h"
*/
import "C"

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/essnas/essnas/lib/customcall"
	goxla "github.com/gomlx/go-xla/pjrt"
)

// Plugin is a loaded plugin whose compilations pass through this package. It is safe for concurrent
// use.
type Plugin struct {
	real     *C.pj_api
	cache    *Executables // nil: compile always
	salt     string       // dependencies of the plugin's programs besides their text
	wait     bool         // for the end of each execution
	kernels  bool         // it accepts those of package customcall
	topology func(*C.pj_client) ([]byte, error)
	shared   shared
	meter    meter
	slot     C.int // of the counters, -1 without counters
}

var (
	hooks [C.HOOK_SLOTS]atomic.Pointer[Plugin]

	mu     sync.Mutex // one registration at a time
	hooked int        // slots in use
)

// Options are the properties of a plugin that its file does not tell.
type Options struct {
	Cache *Executables // nil: compile always
	CPU   bool         // the plugin computes on CPUs
	// The devices' memory is the host's. Each execution then ends before the host continues,
	// because the host may read the result at once. With separate memory, executions are
	// asynchronous.
	Shared bool
}

// Register loads the plugin at path and registers it with go-xla under the given name; its
// compilations pass through the cache. Register returns an error if the file is no PJRT plugin, or
// the name is in use.
func Register(path, name string, o Options) (*Plugin, error) {
	mu.Lock()
	defer mu.Unlock()
	real, err := open(path)
	if err != nil {
		return nil, err
	}
	h := &Plugin{real: real, cache: o.Cache, slot: -1}
	identity, err := sampleHash(path)
	if err != nil {
		return nil, err
	}
	h.salt = fmt.Sprintf("essnas 1, PJRT %s, plugin %x, XLA_FLAGS %q, %d cores", h.Version(), identity, os.Getenv("XLA_FLAGS"), runtime.NumCPU())
	var once sync.Once
	var topology []byte
	var fault error
	h.topology = func(client *C.pj_client) ([]byte, error) { // a plugin has one client
		once.Do(func() { topology, fault = h.serializeTopology(client) })
		return topology, fault
	}
	h.wait = o.Shared
	wait := C.int(C.HOOK_GO_ON)
	if o.Shared {
		wait = C.HOOK_WAIT
	} else if o.CPU {
		wait = C.HOOK_WAIT_FOR_SEVERAL
	}
	table := C.hook_table(real, C.int(hooked), wait)
	if table == real {
		h.meter.note("this plugin's executables can't be kept on disk: it has another version, or too many plugins are open")
	} else {
		if o.CPU && o.Shared {
			err := customcall.Register(unsafe.Pointer(real.extension_start), int(real.pjrt_api_version.minor_version))
			h.kernels = err == nil
			if err != nil && err != customcall.ErrOff {
				h.meter.note(fmt.Sprintf("XLA computes all by itself, which is slower, because %v (%s is %q)", err, customcall.Variable, os.Getenv(customcall.Variable)))
			}
		}
		hooks[hooked].Store(h)
		h.slot = C.int(hooked)
		hooked++
	}
	if err := goxla.RegisterPreloadedPlugin(name, uintptr(unsafe.Pointer(table))); err != nil {
		return nil, fmt.Errorf("%s can't be used as a PJRT plugin: %w", path, err)
	}
	return h, nil
}

// open loads the library of a plugin and returns its table of functions.
func open(path string) (*C.pj_api, error) {
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	var reason *C.char
	real := C.hook_open(p, &reason)
	if real == nil {
		return nil, fmt.Errorf("%s can't be loaded as a PJRT plugin: %s", path, C.GoString(reason))
	}
	return real, nil
}

// VersionOf loads the library of a plugin, without a client, and returns the version of its PJRT
// interface. It returns an error with the loader's reason if that fails.
func VersionOf(path string) (string, error) {
	real, err := open(path)
	if err != nil {
		return "", err
	}
	return (&Plugin{real: real}).Version(), nil
}

// Version returns the version of the plugin's PJRT interface.
func (h *Plugin) Version() string {
	v := h.real.pjrt_api_version
	return fmt.Sprintf("%d.%d", v.major_version, v.minor_version)
}

// essnasCompile is what go-xla calls to compile; it may be called by several threads.
//
//export essnasCompile
func essnasCompile(slot C.int, a *C.pj_client_compile) *C.pj_error {
	return hooks[slot].Load().compile(a)
}

func (h *Plugin) compile(a *C.pj_client_compile) *C.pj_error {
	start := time.Now()
	if h.slot >= 0 {
		C.hook_client(h.slot, a.client)
	}
	if text := bytesOf(a.program.code, a.program.code_size); capturing.Load() {
		panic(captured(bytes.Clone(text)))
	}
	h.meter.begin()
	defer h.meter.end()
	salt := h.salt
	if h.kernels {
		text, n, err := customcall.Install(bytesOf(a.program.code, a.program.code_size))
		if err != nil {
			// the caller that builds graphs recovers
			panic(fmt.Errorf("a program can't be compiled, because %w: %s=off lets XLA compute all by itself", err, customcall.Variable))
		}
		if n > 0 {
			defer withText(a, text)()
			salt += ", kernels " + customcall.Version()
		}
	}
	if !h.wait { // a GPU would multiply float32 numbers with 11 bits
		defer withText(a, exact(bytesOf(a.program.code, a.program.code_size)))()
	}
	var key key
	cached := h.cache != nil
	if cached {
		topology, err := h.topology(a.client)
		if err != nil {
			h.meter.note("executables can't be kept on disk: " + err.Error())
			cached = false
		} else {
			p := a.program
			key = keyOf(salt, topology, bytesOf(a.compile_options, a.compile_options_size), bytesOf(p.format, p.format_size), bytesOf(p.code, p.code_size))
		}
	}
	if cached {
		if a.executable = (*C.pj_loaded)(h.shared.take(key)); a.executable != nil {
			h.meter.shared()
			return nil
		}
		took, data, err := h.cache.load(key)
		switch {
		case err != nil:
			h.meter.note(err.Error())
		case data != nil:
			e := C.hook_load(h.real, a, (*C.char)(unsafe.Pointer(unsafe.SliceData(data))), C.size_t(len(data)))
			if e == nil {
				h.meter.loaded(time.Since(start), took, headerSize+len(data)+sha256.Size)
				h.shared.add(key, loaded(a.executable), int64(len(data)))
				return nil
			}
			h.meter.note("an executable on disk is not one for this plugin: " + h.message(e))
		}
	}
	if e := C.hook_compile(h.real, a); e != nil {
		return e
	}
	took := time.Since(start)
	written := 0
	if cached && h.cache.writes() {
		var err error
		if written, err = h.keep(key, a.executable, took); err != nil {
			h.meter.note(err.Error())
		}
	}
	h.meter.compiled(took, written)
	if cached {
		h.shared.add(key, loaded(a.executable), max(int64(written), int64(a.program.code_size)))
	}
	return nil
}

// Salt returns everything besides the text of a program that determines the executable: plugin,
// flags, cores.
func (h *Plugin) Salt() string { return h.salt }

// Kernels reports whether the plugin accepts the kernels of package customcall.
func (h *Plugin) Kernels() bool { return h.kernels }

// Note records a fault of the cache for [Plugin.Stats].
func (h *Plugin) Note(text string) { h.meter.note(text) }

// Stats returns the numbers of compiled programs and of programs loaded from the disk.
func (h *Plugin) Stats() CacheStats { return h.meter.stats() }

// Counts returns the numbers of executions so far, and the device's memory.
func (h *Plugin) Counts() (c Counts) {
	if h.slot >= 0 {
		n := C.hook_count(h.slot)
		c.Executions, c.Waits, c.Uploads = uint64(n.executions), uint64(n.waits), uint64(n.uploads)
		if !h.wait { // go-xla waits for each upload, which has ended by then
			c.Waits -= min(c.Waits, c.Uploads)
		}
		a := C.arrays_now(h.slot)
		c.Arrays, c.ArrayBytes, c.ArrayPeak = uint64(a.arrays), uint64(a.bytes), uint64(a.peak)
		var now, peak, limit C.int64_t
		C.hook_memory(h.real, h.slot, &now, &peak, &limit)
		c.DeviceBytes, c.DevicePeak, c.DeviceLimit = uint64(now), uint64(peak), uint64(limit)
	}
	return
}

// MarkPeak restarts the measurement of Counts' peak of array bytes.
func (h *Plugin) MarkPeak() {
	if h.slot >= 0 {
		C.arrays_mark(h.slot)
	}
}

// exact requests exact products in a program (StableHLO as text). By default XLA multiplies float32
// numbers on a GPU in TF32, which has 11 of 24 bits. In essnas float32 is float32 on every device;
// bf16, whose products are exact, is the choice for speed.
func exact(program []byte) []byte {
	// the algorithm determines the precision; it occurs in programs for CPUs only
	if bytes.Contains(program, []byte("#stablehlo.dot_algorithm")) {
		return program
	}
	return bytes.ReplaceAll(program, []byte("#stablehlo<precision DEFAULT>"), []byte("#stablehlo<precision HIGHEST>"))
}

// withText gives a program another text until the returned function is called.
func withText(a *C.pj_client_compile, text []byte) (restore func()) {
	theirs := a.program
	ours := (*C.pj_program)(C.malloc(C.size_t(unsafe.Sizeof(*theirs))))
	*ours = *theirs
	ours.code, ours.code_size = (*C.char)(C.CBytes(text)), C.size_t(len(text))
	a.program = ours
	return func() {
		a.program = theirs
		C.free(unsafe.Pointer(ours.code))
		C.free(unsafe.Pointer(ours))
	}
}

// keep writes an executable to the disk.
func (h *Plugin) keep(k key, x *C.pj_loaded, took time.Duration) (int, error) {
	var s C.pj_executable_serialize
	if e := C.hook_serialize(h.real, x, &s); e != nil {
		return 0, fmt.Errorf("an executable can't be written: %s", h.message(e))
	}
	defer C.hook_serialize_free(&s)
	return h.cache.store(k, bytesOf(s.serialized_bytes, s.serialized_bytes_size), took)
}

// serializeTopology describes the devices of a client and their abilities; on a CPU, its
// instruction sets.
func (h *Plugin) serializeTopology(client *C.pj_client) ([]byte, error) {
	var s C.pj_topology_serialize
	if e := C.hook_topology(h.real, client, &s); e != nil {
		return nil, fmt.Errorf("the plugin does not tell its topology: %s", h.message(e))
	}
	defer C.hook_topology_free(&s)
	return C.GoBytes(unsafe.Pointer(s.serialized_bytes), C.int(s.serialized_bytes_size)), nil
}

// message returns the text of an error and destroys the error.
func (h *Plugin) message(e *C.pj_error) string {
	var text [512]C.char
	C.hook_message(h.real, e, &text[0], C.size_t(len(text)))
	return C.GoString(&text[0])
}

func bytesOf(p *C.char, n C.size_t) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(p)), int(n)) }

// sampleHash hashes the size of a file and 256 of its pages. Plugins have hundreds of megabytes, no
// build id, and no useful date.
func sampleHash(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	fmt.Fprintln(h, info.Size())
	page := make([]byte, 4096)
	for i := range int64(256) {
		n, err := f.ReadAt(page, info.Size()/256*i)
		if err != nil && err != io.EOF {
			return nil, err
		}
		h.Write(page[:n])
	}
	return h.Sum(nil), nil
}
