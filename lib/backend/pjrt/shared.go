package pjrt

// #include "arrays.h"
// #include "hook.h"
import "C"

import (
	"math"
	"sync"
	"unsafe"
)

// shared holds the executables of a plugin in memory, each once. Compiling a present program
// returns the same executable, which any number of threads may run. Executables without users stay
// up to a limit, because consecutive runs in a server or a study compile the same programs.
type shared struct {
	mu      sync.Mutex
	known   map[key]*held
	holders map[loaded]*held
	clock   uint64
	spare   int64 // bytes of those without users
}

// loaded is a *C.pj_loaded.
type loaded = unsafe.Pointer

type held struct {
	key   key
	x     loaded
	size  int64 // on disk; in memory it is a few times larger
	users int
	since uint64 // time at which the last user left
}

// maxSpare bounds the size of executables without users; a search takes a few megabytes.
const maxSpare = 64 << 20

// take returns the executable of a key and adds a user, or returns nil if there is none.
func (s *shared) take(k key) loaded {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.known[k]
	if h == nil {
		return nil
	}
	if h.users == 0 {
		s.spare -= h.size
	}
	h.users++
	return h.x
}

// add registers a compiled or loaded executable with its first user. If two threads compile the
// same program at a time, the second one keeps its own executable.
func (s *shared) add(k key, x loaded, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[k] != nil {
		return
	}
	if s.known == nil {
		s.known, s.holders = map[key]*held{}, map[loaded]*held{}
	}
	h := &held{key: k, x: x, size: size, users: 1}
	s.known[k], s.holders[x] = h, h
}

// drop removes a user and returns the executables to destroy: an unshared one at once, and unused
// ones above the limit, the least recently used first.
func (s *shared) drop(x loaded) []loaded {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.holders[x]
	if h == nil {
		return []loaded{x}
	}
	if h.users--; h.users > 0 {
		return nil
	}
	s.clock++
	h.since = s.clock
	s.spare += h.size
	return s.trim(maxSpare)
}

// trim removes executables without users until the remaining ones have at most this many bytes.
func (s *shared) trim(most int64) (gone []loaded) {
	for s.spare > most {
		oldest := &held{since: math.MaxUint64}
		for _, h := range s.holders {
			if h.users == 0 && h.since < oldest.since {
				oldest = h
			}
		}
		s.spare -= oldest.size
		delete(s.known, oldest.key)
		delete(s.holders, oldest.x)
		gone = append(gone, oldest.x)
	}
	return gone
}

// Trim frees the executables without users of all plugins. They are loaded from the disk when
// needed again.
func Trim() {
	for i := range hooks {
		h := hooks[i].Load()
		if h == nil {
			continue
		}
		h.shared.mu.Lock()
		gone := h.shared.trim(0)
		h.shared.mu.Unlock()
		for _, x := range gone {
			h.discard(x)
		}
	}
}

func (h *Plugin) destroy(x loaded) *C.pj_error {
	C.arrays_forget(h.slot, (*C.pj_loaded)(x))
	return C.hook_destroy(h.real, (*C.pj_loaded)(x))
}

// discard destroys an executable outside of any call, so a failure can't be reported.
func (h *Plugin) discard(x loaded) {
	if e := h.destroy(x); e != nil {
		h.meter.note("an executable can't be freed: " + h.message(e))
	}
}

// essnasDestroy is what go-xla calls to destroy an executable; it may be called by several threads.
//
//export essnasDestroy
func essnasDestroy(slot C.int, a *C.pj_loaded_destroy) (e *C.pj_error) {
	h := hooks[slot].Load()
	for _, x := range h.shared.drop(loaded(a.executable)) {
		if x == loaded(a.executable) {
			e = h.destroy(x)
		} else {
			h.discard(x)
		}
	}
	return e
}
