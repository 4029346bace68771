package backend

import (
	"slices"
	"sync"
	"time"
)

// CacheStats tells what a backend compiled and what it had on disk.
type CacheStats struct {
	Compiled       int      `json:"compiled"`        // programs compiled
	CompileSeconds float64  `json:"compile_seconds"` // summed over them; they may run at the same time
	Loaded         int      `json:"loaded"`          // programs loaded from the disk
	LoadSeconds    float64  `json:"load_seconds"`
	Shared         int      `json:"shared"`        // programs that were in memory already
	SavedSeconds   float64  `json:"saved_seconds"` // what compiling the loaded ones took when it was done
	BytesRead      int64    `json:"bytes_read"`
	BytesWritten   int64    `json:"bytes_written"`
	Running        int      `json:"running"` // compilations or loads going on now
	Notes          []string `json:"notes"`   // what went wrong with the cache, each kind once; it costs time only
}

// Counts tells what a backend did since it was opened, and what lies on its devices. Device bytes are a GPU's own count; a CPU's memory is the process's.
type Counts struct {
	Executions  uint64 `json:"executions"`   // executables run
	Uploads     uint64 `json:"uploads"`      // arrays brought to the device
	Waits       uint64 `json:"waits"`        // of the host for results, or for arrays on their way between it and the device
	DeviceBytes uint64 `json:"device_bytes"` // in use on the first device; 0 where the plugin does not tell, as on a CPU
	DevicePeak  uint64 `json:"device_peak"`  // the most that was
	DeviceLimit uint64 `json:"device_limit"` // all that the plugin may use there; 0 where it does not tell, or nothing was compiled or uploaded yet
	Arrays      uint64 `json:"arrays"`       // that are there, on all devices
	ArrayBytes  uint64 `json:"array_bytes"`  // their size
	ArrayPeak   uint64 `json:"array_peak"`   // the most since MarkPeak
}

// meter counts.
type meter struct {
	mu sync.Mutex
	s  CacheStats
}

func (m *meter) update(f func(s *CacheStats)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.s)
}

func (m *meter) begin() { m.update(func(s *CacheStats) { s.Running++ }) }
func (m *meter) end()   { m.update(func(s *CacheStats) { s.Running-- }) }

func (m *meter) compiled(took time.Duration, bytes int) {
	m.update(func(s *CacheStats) {
		s.Compiled++
		s.CompileSeconds += took.Seconds()
		s.BytesWritten += int64(bytes)
	})
}

func (m *meter) loaded(took, saved time.Duration, bytes int) {
	m.update(func(s *CacheStats) {
		s.Loaded++
		s.LoadSeconds += took.Seconds()
		s.SavedSeconds += saved.Seconds()
		s.BytesRead += int64(bytes)
	})
}

func (m *meter) shared() { m.update(func(s *CacheStats) { s.Shared++ }) }

func (m *meter) note(text string) {
	m.update(func(s *CacheStats) {
		if len(s.Notes) < 20 && !slices.Contains(s.Notes, text) {
			s.Notes = append(s.Notes, text)
		}
	})
}

func (m *meter) stats() CacheStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.s
	s.Notes = slices.Clone(s.Notes)
	return s
}
