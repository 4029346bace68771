package backend

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/essnas/essnas/lib/internal/whole"
)

// Choices are which of several ways of computing the same a run takes, for each place where there are several. What is the fastest differs from device to device,
// so it is raced (package block), once: the outcome is kept on disk for all runs on such a device with such a plugin, and in a run for as long as that lasts, since
// another way would be other bits.
type Choices struct {
	mu    sync.Mutex
	ways  map[string]string // by place
	cache string            // the file with what earlier runs found; "" for none
	found map[string]string // in it
}

// NewChoices begins with what a run has chosen already; cache is the file that remembers from run to run, "" for none.
func NewChoices(known map[string]string, cache string) *Choices {
	c := &Choices{ways: map[string]string{}, cache: cache, found: map[string]string{}}
	maps.Copy(c.ways, known)
	c.found = c.read()
	return c
}

// read is what the file has; a damaged one is like none, and replaced at the next race.
func (c *Choices) read() map[string]string {
	found := map[string]string{}
	if text, err := os.ReadFile(c.cache); err == nil && json.Unmarshal(text, &found) != nil {
		found = map[string]string{}
	}
	return found
}

// Of is the way of a place, once it is known; one that isn't among the ways is not known.
func (c *Choices) Of(place string, ways []string) (way string, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if way, known = c.ways[place]; known {
		return way, slices.Contains(ways, way)
	}
	if way = c.found[place]; slices.Contains(ways, way) {
		c.ways[place] = way
		return way, true
	}
	return "", false
}

// Set chooses, unless it is chosen already.
func (c *Choices) Set(place, way string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ways[place] == "" {
		c.ways[place] = way
	}
}

// Remember writes what a race found for all later runs.
func (c *Choices) Remember(winners map[string]string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cache == "" || len(winners) == 0 {
		return nil
	}
	c.found = c.read() // another process may have raced too
	maps.Copy(c.found, winners)
	text, err := json.MarshalIndent(c.found, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(c.cache), 0o700)
	}
	if err == nil {
		err = whole.WriteBytes(c.cache, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("the outcome of a race can't be kept: %w", err)
	}
	return nil
}

// All are the choices of the run so far, by place.
func (c *Choices) All() map[string]string {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.ways)
}

// GPU says whether the backend is one, or is treated as one.
func (b *Backend) GPU() bool { return b.Kind == string(CUDA) || b.Kind == string(Rehearsal) }

// Racing is the backend for a run that races the ways to compute, except where it knows them already. On a CPU there is nothing to race: the one way of
// each kernel has been chosen by measurement.
func (b *Backend) Racing(known map[string]string) *Backend {
	if !b.GPU() {
		return b
	}
	racing := *b
	racing.Choices = NewChoices(known, b.choicesFile())
	return &racing
}

// choicesFile is named by all that decides who wins.
func (b *Backend) choicesFile() string {
	if b.hook == nil || b.cacheDir == "" {
		return ""
	}
	h := sha256.New()
	fmt.Fprintln(h, b.hook.salt, b.Backend.DeviceDescription(b.Device))
	gpus, _ := findGPUs()
	fmt.Fprintln(h, gpus)
	return filepath.Join(b.cacheDir, "choices", hex.EncodeToString(h.Sum(nil)[:8])+".json")
}
