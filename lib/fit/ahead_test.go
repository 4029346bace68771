package fit_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/google/go-cmp/cmp"
	"github.com/janpfeifer/must"
)

// runner is a walk whose metrics can be read later.
type runner struct {
	*walk
	unread, most int
	bad          int64 // the step, counted from 1, whose loss is NaN
}

func (r *runner) Launch(epoch, step int) (func() (event.Metrics, error), error) {
	m, err := r.Step(epoch, step)
	if r.steps == r.bad {
		m["loss"] = math.NaN()
	}
	r.unread++
	r.most = max(r.most, r.unread)
	return func() (event.Metrics, error) {
		r.unread--
		return m, nil
	}, err
}

func TestStepsThatAreReadLaterAreThoseThatAreReadAtOnce(t *testing.T) {
	told := func(task fit.Task, o fit.Options) (events []fit.Event, bits string, err error) {
		store := fit.Store{Dir: t.TempDir()}
		o.Observe = func(e fit.Event) error {
			e.Left = 0
			events = append(events, e)
			return nil
		}
		if err = fit.Run(t.Context(), task, store, o); err == nil {
			bits = files(t, store)
		}
		return
	}
	want, bits := must.M2(told(newWalk(), fit.Options{Every: never}))
	for ahead, most := range map[time.Duration]int{0: 1, time.Hour: 3} { // steps of an epoch
		r := &runner{walk: newWalk()}
		got, same, err := told(r, fit.Options{Every: never, Ahead: ahead})
		if err != nil || same != bits || r.most != most || r.unread != 0 {
			t.Errorf("ahead %v: %v, the same bits: %v, %d unread at most", ahead, err, same == bits, r.most)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("ahead %v: %s", ahead, d)
		}
	}
	t.Run("a checkpoint waits for unread steps", func(t *testing.T) {
		r := &runner{walk: newWalk()}
		if _, same, err := told(r, fit.Options{Every: often, Ahead: time.Hour}); err != nil || same != bits || r.most != 1 {
			t.Errorf("%v, the same bits: %v, %d unread at most", err, same == bits, r.most)
		}
	})
	t.Run("a diverged step is reported, and no later one", func(t *testing.T) {
		events, _, err := told(&runner{walk: newWalk(), bad: 4}, fit.Options{Every: never, Ahead: time.Hour})
		if err == nil || !strings.Contains(err.Error(), "loss is NaN in epoch 2, step 2") {
			t.Error(err)
		}
		if last := events[len(events)-1]; last.Kind != event.EndOfStep || last.Epoch != 1 || last.Step != 0 {
			t.Errorf("the last reported event is %+v", last)
		}
	})
}
