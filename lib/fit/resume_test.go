package fit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/google/go-cmp/cmp"
	"github.com/janpfeifer/must"
)

func TestKilledAfterAnyEventAndResumedARunEndsInTheSameBits(t *testing.T) {
	whole := fit.Store{Dir: t.TempDir()}
	events := 0
	must.M(fit.Run(t.Context(), newWalk(), whole, fit.Options{Every: often, Observe: func(fit.Event) error { events++; return nil }}))
	want := files(t, whole)
	if events < 20 {
		t.Fatalf("only %d events", events)
	}
	killed := errors.New("killed")
	for _, every := range []time.Duration{often, never} {
		for n := range events {
			store := fit.Store{Dir: t.TempDir()}
			left := n
			o := fit.Options{Every: every, Observe: func(fit.Event) error {
				if left == 0 {
					return killed
				}
				left--
				return nil
			}}
			if err := fit.Run(t.Context(), newWalk(), store, o); err != nil && !errors.Is(err, killed) {
				t.Fatal(err)
			}
			o.Observe = nil
			must.M(fit.Run(t.Context(), newWalk(), store, o))
			if files(t, store) != want {
				t.Errorf("killed after %d events, saving every %v: other bits", n, every)
			}
		}
	}
}

func TestCancelledAtAnyStepARunSavesAndGoesOn(t *testing.T) {
	whole := fit.Store{Dir: t.TempDir()}
	must.M(fit.Run(t.Context(), newWalk(), whole, fit.Options{}))
	store := fit.Store{Dir: t.TempDir()}
	made := 0
	for processes := 1; ; processes++ {
		ctx, cancel := context.WithCancel(t.Context())
		err := fit.Run(ctx, newWalk(), store, fit.Options{Every: never, Observe: func(e fit.Event) error {
			if e.Kind == event.EndOfStep {
				made++
				cancel()
			}
			return nil
		}})
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) || processes > 10 {
			t.Fatalf("process %d ended with %v", processes, err)
		}
	}
	if made != 10 {
		t.Errorf("%d steps were made, want each of the 10 once", made)
	}
	if files(t, store) != files(t, whole) {
		t.Error("other bits than without interruptions")
	}
}

// slow is a walk whose EndEpoch hears a cancellation, like a validation.
type slow struct {
	*walk
	cancel func()
	epoch  int // the epoch whose end is cancelled
}

func (s *slow) EndEpoch(ctx context.Context, epoch int) (event.Metrics, map[string]any, error) {
	if epoch == s.epoch && s.cancel != nil {
		s.cancel()
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	return s.walk.EndEpoch(ctx, epoch)
}

func TestARunThatIsCancelledAtTheEndOfAnEpochEndsInTheSameBits(t *testing.T) {
	whole := fit.Store{Dir: t.TempDir()}
	must.M(fit.Run(t.Context(), newWalk(), whole, fit.Options{Every: never}))
	for epoch := range newWalk().epochs {
		store := fit.Store{Dir: t.TempDir()}
		ctx, cancel := context.WithCancel(t.Context())
		if err := fit.Run(ctx, &slow{newWalk(), cancel, epoch}, store, fit.Options{Every: never}); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at the end of epoch %d it ends with %v", epoch, err)
		}
		steps := 0
		must.M(fit.Run(t.Context(), newWalk(), store, fit.Options{Every: never, Observe: func(e fit.Event) error {
			if e.Kind == event.EndOfStep && e.Epoch == epoch {
				steps++
			}
			return nil
		}}))
		if steps > 0 {
			t.Errorf("%d steps of epoch %d are repeated", steps, epoch)
		}
		if d := cmp.Diff(files(t, whole), files(t, store)); d != "" {
			t.Errorf("epoch %d: %s", epoch, d)
		}
	}
}
