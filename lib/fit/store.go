package fit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/internal/whole"
)

// Store keeps the checkpoints of one run in a directory: last.safetensors, the one before it as previous.safetensors, and best.safetensors.
type Store struct{ Dir string }

func (s Store) path(name string) string { return filepath.Join(s.Dir, name+".safetensors") }

// Last and Best are the files' paths.
func (s Store) Last() string { return s.path("last") }

// Best is the file of the checkpoint with the lowest validation loss.
func (s Store) Best() string { return s.path("best") }

func (s Store) previous() string { return s.path("previous") }

// Save makes state the last checkpoint. The one before stays as previous.
func (s Store) Save(state State) error {
	next := s.path("next")
	if err := state.Save(next); err != nil {
		return err
	}
	if err := os.Rename(s.Last(), s.previous()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return whole.Explain(err, s.Last())
	}
	if err := os.Rename(next, s.Last()); err != nil {
		return whole.Explain(err, s.Last())
	}
	return whole.Sync(s.Dir)
}

// Load returns the last checkpoint that is whole; nil when none was ever saved. When the last one is missing or damaged the previous one is
// taken and remark says so. When both are damaged that is an error: a run does not start anew unasked.
func (s Store) Load() (state *State, remark string, err error) {
	last, lastErr := LoadState(s.Last())
	if lastErr == nil {
		return &last, "", nil
	}
	previous, err := LoadState(s.previous())
	switch missing := errors.Is(lastErr, fs.ErrNotExist); {
	case err == nil && missing: // killed between the two renames of Save
		return &previous, "", nil
	case err == nil:
		return &previous, lastErr.Error() + "; went back to the one before", nil
	case missing && errors.Is(err, fs.ErrNotExist):
		return nil, "", nil
	case missing:
		lastErr = err
	}
	return nil, "", fmt.Errorf("%w, and there is no whole one before it: delete the directory %s to start this run anew", lastErr, s.Dir)
}
