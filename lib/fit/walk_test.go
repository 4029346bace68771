package fit_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/janpfeifer/must"
)

// walk is a task without a network: a random walk whose loss is lowest in the middle.
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
	w.x[1] *= 1.5 // changes the state as well
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

// often and never are intervals of saving within an epoch.
const often, never = time.Nanosecond, time.Hour
