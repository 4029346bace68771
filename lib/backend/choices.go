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

	"github.com/essnas/essnas/lib/backend/plugin"
	"github.com/essnas/essnas/lib/internal/atomicfile"
)

// Choices records which of several equivalent computations a run uses at each place. The fastest
// one differs between devices, so package block races them once. The results are kept on disk for
// all runs with this device and plugin. Within a run they never change, because another computation
// gives other bits.
type Choices struct {
	mu    sync.Mutex
	ways  map[string]string // by place
	cache string            // file with the results of earlier runs; "" for none
	found map[string]string // in it
}

// NewChoices starts with the choices that a run has made already. cache is the file shared by all
// runs, "" for none.
func NewChoices(known map[string]string, cache string) *Choices {
	c := &Choices{ways: map[string]string{}, cache: cache, found: map[string]string{}}
	maps.Copy(c.ways, known)
	c.found = c.read()
	return c
}

// read returns the contents of the file. A damaged file counts as empty, and the next race replaces
// it.
func (c *Choices) read() map[string]string {
	found := map[string]string{}
	if text, err := os.ReadFile(c.cache); err == nil && json.Unmarshal(text, &found) != nil {
		found = map[string]string{}
	}
	return found
}

// Of returns the choice at a place. known is false without a choice, or if the choice is none of
// ways.
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

// Set chooses a way at a place unless there is a choice already.
func (c *Choices) Set(place, way string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ways[place] == "" {
		c.ways[place] = way
	}
}

// Remember writes the winners of a race for all later runs. It returns an error if the file can't
// be written.
func (c *Choices) Remember(winners map[string]string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cache == "" || len(winners) == 0 {
		return nil
	}
	c.found = c.read() // another process may have raced meanwhile
	maps.Copy(c.found, winners)
	text, err := json.MarshalIndent(c.found, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(c.cache), 0o700)
	}
	if err == nil {
		err = atomicfile.WriteBytes(c.cache, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("the outcome of a race can't be kept: %w", err)
	}
	return nil
}

// All returns the choices of the run so far, by place.
func (c *Choices) All() map[string]string {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.ways)
}

// GPU reports whether the backend is a GPU or is treated as one.
func (b *Backend) GPU() bool { return b.Kind == string(CUDA) || b.Kind == string(Rehearsal) }

// Racing returns the backend for a run that races computations without a known winner. On a CPU
// there are no races: measurements have fixed the choices.
func (b *Backend) Racing(known map[string]string) *Backend {
	if !b.GPU() {
		return b
	}
	racing := *b
	racing.Choices = NewChoices(known, b.choicesFile())
	return &racing
}

// choicesFile is the path of the file of winners. Its name contains everything that influences a
// race.
func (b *Backend) choicesFile() string {
	if b.plugin == nil || b.cacheDir == "" {
		return ""
	}
	h := sha256.New()
	fmt.Fprintln(h, b.plugin.Salt(), b.Backend.DeviceDescription(b.Device))
	gpus, _ := plugin.GPUs()
	fmt.Fprintln(h, gpus)
	return filepath.Join(b.cacheDir, "choices", hex.EncodeToString(h.Sum(nil)[:8])+".json")
}
