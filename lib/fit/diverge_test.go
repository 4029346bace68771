package fit_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/google/go-cmp/cmp"
	"github.com/janpfeifer/must"
)

// diverging is a walk whose loss is NaN.
type diverging struct{ *walk }

func (diverging) Step(int, int) (event.Metrics, error) { return event.Metrics{"loss": math.NaN()}, nil }

func TestALossThatIsNoNumberEndsTheRun(t *testing.T) {
	err := fit.Run(t.Context(), diverging{newWalk()}, fit.Store{Dir: t.TempDir()}, fit.Options{})
	if err == nil || !strings.Contains(err.Error(), "smaller lr") {
		t.Errorf("got %v, want an error that names the setting to change", err)
	}
}

// wild is a walk that reports these metrics at a step, or at the end of an epoch.
type wild struct {
	*walk
	step, end event.Metrics
}

func (w *wild) Step(epoch, step int) (event.Metrics, error) {
	m, err := w.walk.Step(epoch, step)
	if epoch == 2 && step == 1 && w.step != nil {
		m = w.step
	}
	return m, err
}

func (w *wild) EndEpoch(ctx context.Context, epoch int) (event.Metrics, map[string]any, error) {
	m, d, err := w.walk.EndEpoch(ctx, epoch)
	if epoch == 2 && w.end != nil {
		m = w.end
	}
	return m, d, err
}

func TestARunThatDivergesIsToldAndLeavesWeightsToGoOnFrom(t *testing.T) {
	for law, w := range map[string]*wild{
		"a huge loss, whose gradient is 0":            {step: event.Metrics{"train_loss": 1e14, "grad_norm": 0}},
		"a gradient that is not finite":               {step: event.Metrics{"train_loss": 3, "grad_norm": math.Inf(1)}},
		"a gradient of alphas that is not finite":     {step: event.Metrics{"arch_grad_norm": math.NaN()}},
		"a validation whose loss is not finite":       {end: event.Metrics{"val_loss": math.Inf(1)}},
		"a validation whose loss is no number at all": {end: event.Metrics{"val_loss": math.NaN()}},
	} {
		t.Run(law, func(t *testing.T) {
			w.walk = newWalk()
			store := fit.Store{Dir: t.TempDir()}
			err := fit.Run(t.Context(), w, store, fit.Options{Every: never})
			if err == nil || !strings.Contains(err.Error(), "the run has diverged") || !strings.Contains(err.Error(), "epoch 3") {
				t.Fatalf("the run ends with %v", err)
			}
			state, _, err := store.Load()
			if err != nil || state == nil {
				t.Fatal(state, err)
			}
			if epoch, _, best, err := fit.Progress(*state); err != nil || epoch != 2 || best != 1 {
				t.Errorf("the checkpoint is of epoch %d with the best %d (%v), want the end of epoch 2", epoch, best, err)
			}
			must.M(fit.Run(t.Context(), newWalk(), store, fit.Options{Every: never}))
		})
	}
}

// flood is a walk whose state overflows in a step of the third epoch, while loss and gradient stay
// finite.
type flood struct {
	*walk
	step int
	to   float32
}

func (f *flood) Step(epoch, step int) (event.Metrics, error) {
	m, err := f.walk.Step(epoch, step)
	if epoch == 2 && step == f.step {
		f.x[1] = f.to
		m["loss"], m["grad_norm"] = 1, 1
	}
	return m, err
}

func TestNoCheckpointHoldsWeightsThatAreNotFinite(t *testing.T) {
	inf := float32(math.Inf(1))
	for law, f := range map[string]*flood{
		"an infinity within an epoch":        {step: 0, to: inf},
		"an infinity at the end of an epoch": {step: 1, to: -inf},
		"a NaN":                              {step: 0, to: inf - inf},
	} {
		t.Run(law, func(t *testing.T) {
			f.walk = newWalk()
			store := fit.Store{Dir: t.TempDir()}
			err := fit.Run(t.Context(), f, store, fit.Options{Every: often})
			if err == nil || !strings.Contains(err.Error(), "x is not finite after epoch 3") {
				t.Fatalf("the run ends with %v", err)
			}
			for _, path := range []string{store.Last(), store.Best()} {
				for _, x := range must.M1(fit.LoadState(path)).Arrays["x"].F32 {
					if x-x != 0 {
						t.Errorf("%s holds %g", path, x)
					}
				}
			}
			must.M(fit.Run(t.Context(), newWalk(), store, fit.Options{Every: never}))
			whole := fit.Store{Dir: t.TempDir()}
			must.M(fit.Run(t.Context(), newWalk(), whole, fit.Options{Every: never}))
			if d := cmp.Diff(files(t, whole), files(t, store)); d != "" {
				t.Errorf("continued, the run ends in other bits: %s", d)
			}
		})
	}
}

func TestALossThatStartsLargeIsNoDivergence(t *testing.T) {
	w := &wild{walk: newWalk(), step: event.Metrics{"train_loss": 1e6, "grad_norm": 1e5}}
	must.M(fit.Run(t.Context(), w, fit.Store{Dir: t.TempDir()}, fit.Options{Every: never}))
}
