package pjrt

import (
	"slices"
	"sync"
	"time"
)

// CacheStats counts the programs that a plugin compiled and loaded.
type CacheStats struct {
	Compiled int `json:"compiled"` // programs compiled
	// sum over programs, which may compile concurrently
	CompileSeconds float64 `json:"compile_seconds"`
	Loaded         int     `json:"loaded"` // programs loaded from the disk
	LoadSeconds    float64 `json:"load_seconds"`
	Shared         int     `json:"shared"` // programs that were in memory already
	// time of the original compilations of the loaded programs
	SavedSeconds float64 `json:"saved_seconds"`
	BytesRead    int64   `json:"bytes_read"`
	BytesWritten int64   `json:"bytes_written"`
	Running      int     `json:"running"` // compilations or loads in progress
	// faults of the cache, each kind once; they cost time only
	Notes []string `json:"notes"`
}

// Counts holds the numbers of a plugin's actions since it was registered, and the contents of its
// devices. A GPU reports its own device bytes; on a CPU the process's memory counts.
type Counts struct {
	Executions uint64 `json:"executions"` // executables run
	Uploads    uint64 `json:"uploads"`    // arrays transferred to the device
	Waits      uint64 `json:"waits"`      // of the host for results or for transfers
	// in use on the first device; 0 if unknown, as on a CPU
	DeviceBytes uint64 `json:"device_bytes"`
	DevicePeak  uint64 `json:"device_peak"` // peak of DeviceBytes
	// limit of the plugin on this device; 0 if unknown, or before the first compilation or upload
	DeviceLimit uint64 `json:"device_limit"`
	Arrays      uint64 `json:"arrays"`      // number of arrays on all devices
	ArrayBytes  uint64 `json:"array_bytes"` // their size
	ArrayPeak   uint64 `json:"array_peak"`  // peak since MarkPeak
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
