package findings

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/essnas/essnas/lib/internal/lease"
)

// OnBackend records the kind of the backend in study.json if none is recorded. It returns an error
// if another kind is recorded, which would give other numbers, or if the file can't be written. The
// caller holds the study's lock.
func (s *Directory) OnBackend(kind string) error {
	if s.Config.Backend == "" {
		s.Config.Backend = kind
		return s.Write("study.json", s.Config)
	}
	return s.agree(kind)
}

func (s *Directory) agree(kind string) error {
	if begun := s.Config.Backend; begun != kind {
		return fmt.Errorf("%s was begun on %s and this is %s: go on with --backend %s, or choose another directory", s.Dir, begun, kind, begun)
	}
	return nil
}

// ClaimBackend is OnBackend for a job that does not hold the lock, because other jobs of the study
// run at the same time. On a cluster of which only some nodes have a GPU, the first job determines
// the backend, and jobs on other nodes get the error of OnBackend. ClaimBackend returns the
// context's error if the context is done first.
func (s *Directory) ClaimBackend(ctx context.Context, kind string) error {
	for s.Config.Backend == "" {
		held, err := lease.Take(s.Dir)
		if err == nil {
			defer held.Close()
			there, err := Open(s.Dir) // another job may have recorded its own
			if err != nil {
				return err
			}
			s.Config = there.Config
			return s.OnBackend(kind)
		}
		if !errors.Is(err, lease.ErrBusy) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(again):
		}
		there, err := Open(s.Dir)
		if err != nil {
			return err
		}
		s.Config = there.Config
	}
	return s.agree(kind)
}

// again is the interval at which ClaimBackend tries again to take the lock.
const again = time.Second / 2
