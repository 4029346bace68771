package run

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit/event"
)

// Shares returns the weights of operations and edges at the end of the epoch, from which cells are
// derived.
func (a Architecture) Shares() cell.Shares {
	s := cell.Shares{Alphas: a.Alphas, Betas: a.Betas, Operations: a.Operations}
	for typ := range s.Operations {
		if s.Operations[typ] != nil {
			continue
		}
		for range s.Alphas[typ] {
			s.Operations[typ] = append(s.Operations[typ], cell.Primitives)
		}
	}
	return s
}

// ArchitectureAt returns the record of an epoch of a search, counted from 1, and its number; 0
// means the last epoch that has ended. It returns an error for a run that is no search or has no
// such epoch.
func (r *Run) ArchitectureAt(epoch int) (a Architecture, at int, err error) {
	events, err := r.Events()
	if err != nil {
		return a, 0, err
	}
	last := 0
	for _, e := range events {
		if e.Kind != event.EndOfEpoch {
			continue
		}
		if found, ok := e.Architecture(); ok {
			if last = e.Epoch + 1; epoch == 0 || last == epoch {
				a, at = found, last
			}
		}
	}
	switch {
	case last == 0:
		return a, 0, fmt.Errorf("%s has no cells to derive: it is a %s, or no epoch has ended; give a search with an ended epoch", r.Dir, r.Config.Stage)
	case at == 0:
		return a, 0, fmt.Errorf("%s has no epoch %d: give 1 to %d", r.Dir, epoch, last)
	}
	if err := a.Shares().Check(); err != nil {
		return a, 0, fmt.Errorf("epoch %d of %s is damaged: %w", at, r.Path("events.jsonl"), err)
	}
	return a, at, nil
}

// AtEpoch splits RUN@EPOCH into the run's directory and an epoch, counted from 1; ok is false for
// other names.
func AtEpoch(name string) (dir string, epoch int, ok bool) {
	at := strings.LastIndexByte(name, '@')
	if at <= 0 {
		return "", 0, false
	}
	epoch, err := strconv.Atoi(name[at+1:])
	if err != nil || epoch < 1 {
		return "", 0, false
	}
	if _, err := os.Stat(filepath.Join(name[:at], "config.json")); err != nil {
		return "", 0, false
	}
	return name[:at], epoch, true
}
