package fit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/internal/atomicfile"
)

// Store keeps the checkpoints of a run in a directory: last.safetensors, the preceding one as
// previous.safetensors, and best.safetensors.
type Store struct{ Dir string }

func (s Store) path(name string) string { return filepath.Join(s.Dir, name+".safetensors") }

// Last is the path of the last checkpoint.
func (s Store) Last() string { return s.path("last") }

// Best is the path of the checkpoint with the lowest validation loss.
func (s Store) Best() string { return s.path("best") }

func (s Store) previous() string { return s.path("previous") }

// Save makes state the last checkpoint and renames the preceding one to previous. It returns an
// error if a file can't be written.
func (s Store) Save(state State) error {
	next := s.path("next")
	if err := state.Save(next); err != nil {
		return err
	}
	if err := os.Rename(s.Last(), s.previous()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return atomicfile.Explain(err, s.Last())
	}
	if err := os.Rename(next, s.Last()); err != nil {
		return atomicfile.Explain(err, s.Last())
	}
	return atomicfile.Sync(s.Dir)
}

// Load returns the last complete checkpoint, or nil if none was ever saved. If the last one is
// missing or damaged, Load returns the previous one and a remark. It returns an error if both are
// damaged, so that a run does not silently start again.
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
	return nil, "", fmt.Errorf("%w, and no earlier one is complete: delete the directory %s to restart this run", lastErr, s.Dir)
}
