package fit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/google/go-cmp/cmp"
	"github.com/janpfeifer/must"
)

// walk is a task without a network: a random walk whose loss has its lowest value somewhere in the
// middle.
type walk struct {
	epochs int
	x      []float32
	steps  int64
}

func newWalk() *walk { return &walk{epochs: 4, x: make([]float32, 3)} }

func (w *walk) Epochs() int         { return w.epochs }
func (w *walk) Best() string        { return "val_loss" }
func (w *walk) Steps(epoch int) int { return 2 + epoch%2 }

func (w *walk) Step(epoch, step int) (event.Metrics, error) {
	r := rand.New(rand.NewPCG(uint64(epoch), uint64(step)))
	for i := range w.x {
		w.x[i] += float32(r.NormFloat64())
	}
	w.steps++
	return event.Metrics{"loss": float64(w.x[0]) / 3, "steps": float64(w.steps)}, nil
}

func (w *walk) EndEpoch(_ context.Context, epoch int) (event.Metrics, map[string]any, error) {
	w.x[1] *= 1.5 // what happens here is part of the state, too
	return event.Metrics{"val_loss": math.Abs(float64(epoch) - 1.2)}, map[string]any{"x": w.x}, nil
}

func (w *walk) State() (fit.State, error) {
	return fit.State{
		Arrays: map[string]fit.Array{"x": {Shape: []int{3}, F32: w.x}, "steps": {I64: []int64{w.steps}}},
		Meta:   map[string]string{"kind": "walk"},
	}, nil
}

func (w *walk) Restore(s fit.State) error {
	if s.Meta["kind"] != "walk" {
		return fmt.Errorf("it is of kind %q", s.Meta["kind"])
	}
	copy(w.x, s.Arrays["x"].F32)
	w.steps = s.Arrays["steps"].I64[0]
	return nil
}

func files(t *testing.T, s fit.Store) string {
	t.Helper()
	return string(must.M1(os.ReadFile(s.Last()))) + string(must.M1(os.ReadFile(s.Best())))
}

// runner is a walk whose metrics can be read later.
type runner struct {
	*walk
	unread, most int
	bad          int64 // the step, counted from 1, whose loss is no number
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
	t.Run("a checkpoint waits for them", func(t *testing.T) {
		r := &runner{walk: newWalk()}
		if _, same, err := told(r, fit.Options{Every: often, Ahead: time.Hour}); err != nil || same != bits || r.most != 1 {
			t.Errorf("%v, the same bits: %v, %d unread at most", err, same == bits, r.most)
		}
	})
	t.Run("one that diverged is told, and no later one", func(t *testing.T) {
		events, _, err := told(&runner{walk: newWalk(), bad: 4}, fit.Options{Every: never, Ahead: time.Hour})
		if err == nil || !strings.Contains(err.Error(), "loss is NaN in epoch 2, step 2") {
			t.Error(err)
		}
		if last := events[len(events)-1]; last.Kind != event.EndOfStep || last.Epoch != 1 || last.Step != 0 {
			t.Errorf("the last that is told is %+v", last)
		}
	})
}

// often and never are how often a run saves within an epoch.
const often, never = time.Nanosecond, time.Hour

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

func TestATornCheckpointIsReplacedByTheOneBefore(t *testing.T) {
	whole := fit.Store{Dir: t.TempDir()}
	must.M(fit.Run(t.Context(), newWalk(), whole, fit.Options{}))

	store, ctx := interrupted(t)
	raw := must.M1(os.ReadFile(store.Last()))
	must.M(os.WriteFile(store.Last(), raw[:len(raw)-1], 0o644))
	var notes []string
	must.M(fit.Run(ctx, newWalk(), store, fit.Options{Observe: func(e fit.Event) error {
		if e.Kind == event.Note {
			notes = append(notes, e.Text)
		}
		return nil
	}}))
	if len(notes) != 1 || !strings.Contains(notes[0], "last.safetensors is damaged") {
		t.Errorf("notes are %q, want one that names the file", notes)
	}
	if files(t, store) != files(t, whole) {
		t.Error("other bits than without the damage")
	}
}

func TestARunDoesNotStartAnewUnaskedWhenAllCheckpointsAreDamaged(t *testing.T) {
	store, ctx := interrupted(t)
	must.M(os.WriteFile(store.Last(), []byte("x"), 0o644))
	must.M(os.WriteFile(strings.Replace(store.Last(), "last", "previous", 1), []byte("x"), 0o644))
	err := fit.Run(ctx, newWalk(), store, fit.Options{})
	if err == nil || !strings.Contains(err.Error(), "delete the directory") {
		t.Errorf("got %v, want an error that says what to delete", err)
	}
}

// interrupted is a run that was cut off in its third epoch, with two checkpoints.
func interrupted(t *testing.T) (fit.Store, context.Context) {
	store := fit.Store{Dir: t.TempDir()}
	stop := errors.New("stop")
	err := fit.Run(t.Context(), newWalk(), store, fit.Options{Every: never, Observe: func(e fit.Event) error {
		if e.Kind == event.EndOfStep && e.Epoch == 2 {
			return stop
		}
		return nil
	}})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	return store, t.Context()
}

func TestTheBestCheckpointIsThatOfTheLowestMetric(t *testing.T) {
	store := fit.Store{Dir: t.TempDir()}
	means := map[int]event.Metrics{}
	must.M(fit.Run(t.Context(), newWalk(), store, fit.Options{Observe: func(e fit.Event) error {
		if e.Kind == event.EndOfEpoch {
			means[e.Epoch] = e.Metrics
		}
		return nil
	}}))
	epoch, step, best, err := fit.Progress(must.M1(fit.LoadState(store.Best())))
	if err != nil || epoch != 2 || step != 0 || best != 1 {
		t.Errorf("best checkpoint is of epoch %d at %d.%d (%v), want epoch 1, just ended", best, epoch, step, err)
	}
	if got := means[1]["steps"]; got != 4 { // steps 3, 4 and 5
		t.Errorf("the mean over the second epoch is %g, want 4", got)
	}
}

// diverging has a loss that is not a number.
type diverging struct{ *walk }

func (diverging) Step(int, int) (event.Metrics, error) { return event.Metrics{"loss": math.NaN()}, nil }

func TestALossThatIsNoNumberEndsTheRun(t *testing.T) {
	err := fit.Run(t.Context(), diverging{newWalk()}, fit.Store{Dir: t.TempDir()}, fit.Options{})
	if err == nil || !strings.Contains(err.Error(), "smaller lr") {
		t.Errorf("got %v, want an error that says what to change", err)
	}
}

func TestMetricsKeepWhatJSONHasNoNumberFor(t *testing.T) {
	text := must.M1(json.Marshal(event.Metrics{"a": 1.5, "b": math.NaN(), "c": math.Inf(1)}))
	if want := `{"a":1.5,"b":null,"c":null}`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
	var m event.Metrics
	must.M(json.Unmarshal(text, &m))
	if m["a"] != 1.5 || !math.IsNaN(m["b"]) || len(m) != 3 {
		t.Errorf("read back as %v", m)
	}
}

func TestStatesAreReadBackAsWritten(t *testing.T) {
	want := fit.State{
		Arrays: map[string]fit.Array{
			"a":      {Shape: []int{2, 3}, F32: []float32{1, -2, 3.5, float32(math.Inf(1)), 0, 1e-40}},
			"scalar": {Shape: []int{}, I64: []int64{math.MinInt64}},
			"none":   {Shape: []int{0, 4}, F32: []float32{}},
			"é\"\n":  {Shape: []int{1}, I64: []int64{-7}},
		},
		Meta: map[string]string{"key": "value \" of <any> kind", "empty": ""},
	}
	path := t.TempDir() + "/state.safetensors"
	must.M(want.Save(path))
	got := must.M1(fit.LoadState(path))
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("differs (-want +got):\n%s", d)
	}
	first := must.M1(os.ReadFile(path))
	must.M(got.Save(path))
	if string(first) != string(must.M1(os.ReadFile(path))) {
		t.Error("the same state gave other bytes")
	}
}

func TestNoDamageToACheckpointGoesUnnoticed(t *testing.T) {
	path := t.TempDir() + "/state.safetensors"
	must.M(fit.State{Arrays: map[string]fit.Array{"a": {Shape: []int{2}, F32: []float32{1, 2}}}, Meta: map[string]string{"k": "v"}}.Save(path))
	raw := must.M1(os.ReadFile(path))
	for i := range raw {
		for _, bit := range []byte{1, 128} {
			raw[i] ^= bit
			must.M(os.WriteFile(path, raw, 0o644))
			if _, err := fit.LoadState(path); err == nil || !strings.Contains(err.Error(), path) {
				t.Fatalf("byte %d changed: got error %v, want one that names the file", i, err)
			}
			raw[i] ^= bit
		}
		must.M(os.WriteFile(path, raw[:i], 0o644))
		if _, err := fit.LoadState(path); err == nil {
			t.Fatalf("cut to %d bytes, and no error", i)
		}
	}
}

// slow is a walk whose epochs end slowly: a validation that hears its context.
type slow struct {
	*walk
	cancel func()
	epoch  int // whose end is cancelled
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
			t.Errorf("%d steps of epoch %d are made again", steps, epoch)
		}
		if d := cmp.Diff(files(t, whole), files(t, store)); d != "" {
			t.Errorf("epoch %d: %s", epoch, d)
		}
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
				t.Fatalf("it ends with %v", err)
			}
			state, _, err := store.Load()
			if err != nil || state == nil {
				t.Fatal(state, err)
			}
			if epoch, _, best, err := fit.Progress(*state); err != nil || epoch != 2 || best != 1 {
				t.Errorf("it stands in epoch %d with the best %d (%v), want the end of epoch 2", epoch, best, err)
			}
			must.M(fit.Run(t.Context(), newWalk(), store, fit.Options{Every: never}))
		})
	}
}

// flood is a walk whose state overflows in a step of the third epoch, with a loss and a gradient as
// if nothing were wrong.
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
				t.Fatalf("it ends with %v", err)
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
				t.Errorf("going on, it ends in other bits: %s", d)
			}
		})
	}
}

func TestALossThatStartsLargeIsNoDivergence(t *testing.T) {
	w := &wild{walk: newWalk(), step: event.Metrics{"train_loss": 1e6, "grad_norm": 1e5}}
	must.M(fit.Run(t.Context(), w, fit.Store{Dir: t.TempDir()}, fit.Options{Every: never}))
}
