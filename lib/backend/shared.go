package backend

// #include "arrays.h"
// #include "hook.h"
import "C"

import (
	"math"
	"sync"
	"unsafe"
)

// shared are a plugin's executables that the process has in memory, each once: who compiles what is there gets the same one, which any number of threads
// may run. Those that nobody uses any more are kept, up to some bytes: runs that follow each other in a server or in a study compile the same programs.
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
	size  int64 // on disk; in memory it is a few times that
	users int
	since uint64 // when the last user went
}

// maxSpare bounds the executables without users; a search takes a few megabytes.
const maxSpare = 64 << 20

// take is the executable of a key, with one more user; nil where there is none.
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

// add makes known what was compiled or loaded for its first user. Of two that compiled the same at a time, the second keeps its own.
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

// drop takes a user away, and returns what is to be destroyed: an executable that isn't shared at once, others when there are too many without users, those
// first that were used longest ago.
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

// trim forgets executables without users until those left have so many bytes.
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

// Trim frees the executables in memory that nobody uses, of all backends that are open. They are loaded from the disk when they are needed again.
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

func (h *hook) destroy(x loaded) *C.pj_error {
	C.arrays_forget(h.slot, (*C.pj_loaded)(x))
	return C.hook_destroy(h.real, (*C.pj_loaded)(x))
}

// discard destroys an executable that nobody asked to be destroyed just now, so that nobody can be told of a failure.
func (h *hook) discard(x loaded) {
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
