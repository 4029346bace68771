package stage

import (
	"errors"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/run"
)

// sizes are settings that can't be used with fewer than 4 channels.
type sizes struct{ batch, channels int }

func (s sizes) Validate() error {
	if s.channels < 4 {
		return errors.New("no such network")
	}
	return nil
}

// a need of 100 a batch of 1, half of that with little saved, and half with half of the channels.
func demanding(batch int) demand {
	return demandOf(sizes{batch, 16}, block.Options{}, func(s *sizes) (batch, channels *int) { return &s.batch, &s.channels }, func(e *block.Engine, s sizes) (run.Need, error) {
		n := int64(100 * s.batch * s.channels / 16)
		if e.Saving == block.SaveLittle {
			n /= 2
		}
		return run.Need{Total: n, Saving: e.Saving.String()}, nil
	})
}

func TestRunsFitIntoTheMemory(t *testing.T) {
	b := backendtest.Open(t)
	for _, c := range []struct {
		law    string
		room   int64
		saving block.Saving
		told   string // of the progress
		err    string
	}{
		{"where there is enough, all is saved", 6400, block.SaveAll, "", ""},
		{"where there is less, little is", 6399, block.SaveLittle, "", ""},
		{"what may fit is begun", 3000, block.SaveLittle, "this search needs about 3.2 kB of memory, and 3.0 kB are available: it may fail; --batch 56 would fit", ""},
		{"what can't is not, and the largest batch that does is told", 2100, block.SaveLittle, "", "the search needs about 3.2 kB of memory, and 2.1 kB are available: --batch 40 would fit, or end other programs; --memory 3.5kB tries it nevertheless"},
		{"small batches are counted in ones", 205, block.SaveLittle, "", "--batch 4 would fit"},
		{"no batch is small enough: channels go", 60, block.SaveLittle, "", "--batch 2 with --channels 8 would fit"},
		{"nothing is", 10, block.SaveLittle, "", "no smaller batch and no fewer channels would fit"},
	} {
		t.Run(c.law, func(t *testing.T) {
			var told strings.Builder
			l := &Env{Progress: &told, Memory: c.room}
			r := &run.Run{Dir: t.TempDir(), Config: run.Config{Stage: searchStage().Name}}
			saving, err := l.fits(r, b, demanding(64))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil || saving != c.saving || strings.TrimSpace(told.String()) != c.told {
				t.Errorf("saves %s, tells %q, error %v", saving, told.String(), err)
			}
			if m := r.Config.Memory; m == nil || m.Room != c.room || m.Saving != saving.String() {
				t.Errorf("config.json has %+v", m)
			}
		})
	}
	t.Run("a run that saves little goes on so", func(t *testing.T) {
		l := &Env{Memory: 1e6}
		r := &run.Run{Dir: t.TempDir(), Config: run.Config{Stage: searchStage().Name, Memory: &run.Memory{Need: run.Need{Saving: "little"}}}}
		if saving, err := l.fits(r, b, demanding(64)); err != nil || saving != block.SaveLittle {
			t.Errorf("it saves %s, error %v", saving, err)
		}
	})
}
