package search

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// rate returns the learning rate at which weights moved along their velocity. It fails the test
// unless all of them moved at the same rate.
func rate(t *testing.T, before, after fit.State) float64 {
	t.Helper()
	var way, v [][]float32
	dot := 0.0
	for name, w := range before.Arrays {
		label, is := strings.CutPrefix(name, "weights/")
		if !is {
			continue
		}
		moved := make([]float32, len(w.F32))
		for i, x := range w.F32 {
			moved[i] = x - after.Arrays[name].F32[i]
			dot += float64(moved[i]) * float64(velocity(after, label)[i])
		}
		way, v = append(way, moved), append(v, velocity(after, label))
	}
	moved, fast := length(way...), length(v...)
	if cosine := dot / moved / fast; !(cosine > 0.9999) {
		t.Errorf("the cosine between the weights' change and their velocity is %g", cosine)
	}
	return moved / fast
}

// The learning rate falls along a cosine from lr towards lr_min, and starts again in each phase.
func TestTheWeightsMoveAtARateThatFallsAlongACosineInEachPhase(t *testing.T) {
	s := small(t, parity.Pictures(32, 1, 8, 3), func(s *settings.Search) { s.LR, s.LRMin, s.Phases = 0.1, 0.02, "3/8/0/2/0 3/4/0/4/0" })
	for epoch, part := range []float64{0, 0.5, 0, 0.25, 0.5, 0.75} { // finished part of the phase
		before := stateOf(t, s)
		m, after := stepped(t, s, epoch, 0)
		want := 0.02 + 0.08*(1+math.Cos(math.Pi*part))/2
		if got := rate(t, before, after); math.Abs(got/want-1) > 1e-3 || math.Abs(m["lr"]/want-1) > 1e-9 {
			t.Errorf("epoch %d: the weights moved at a rate of %g, and the metrics contain %g, want %g", epoch, got, m["lr"], want)
		}
		if _, _, err := s.EndEpoch(t.Context(), epoch); err != nil {
			t.Fatal(err)
		}
	}
}

// Each phase begins with its own frozen epochs.
func TestAlphasStandStillInTheFrozenEpochsOfEachPhase(t *testing.T) {
	s := small(t, parity.Pictures(32, 1, 8, 3), func(s *settings.Search) { s.Phases = "3/8/0/2/1 3/4/0/3/2" })
	for epoch, frozen := range []bool{true, false, true, true, false} {
		before := stateOf(t, s)
		_, after := stepped(t, s, epoch, 0)
		if same := reflect.DeepEqual(before.Arrays["architecture"], after.Arrays["architecture"]); same != frozen {
			t.Errorf("epoch %d: alphas and betas stand still: %v, want %v", epoch, same, frozen)
		}
		if _, _, err := s.EndEpoch(t.Context(), epoch); err != nil {
			t.Fatal(err)
		}
	}
}

// The dropout rates of P-DARTS' schedule are worked out by hand. In frozen epochs the rate falls
// linearly towards the end of the phase, afterwards by a factor of exp(-0.2) per epoch. Each step
// drops other values.
func TestSkipConnectionsDropValuesAtTheirPhasesRate(t *testing.T) {
	s := small(t, parity.Pictures(32, 1, 8, 3), func(s *settings.Search) { s.Phases = "3/8/0.4/2/0 3/4/0.6/3/1" })
	for epoch, want := range []float64{0.4, 0.4 * math.Exp(-0.2), 0.6 * 2 / 3, 0.6, 0.6 * math.Exp(-0.2)} {
		seen := map[int32]bool{}
		for step := range 2 {
			if _, err := s.Step(epoch, step); err != nil {
				t.Fatal(err)
			}
			if got := float64(s.mixing.Dropout.Rate.Floats()[0]); math.Abs(got-want) > 1e-6 {
				t.Errorf("epoch %d: the rate is %g, want %g", epoch, got, want)
			}
			for spot, v := range s.mixing.Dropout.Seeds {
				seed := v.Tensor().Value().([]int32)[0]
				if seen[seed] {
					t.Errorf("epoch %d, step %d: %v drops what another edge or step dropped", epoch, step, spot)
				}
				seen[seed] = true
			}
		}
		if _, _, err := s.EndEpoch(t.Context(), epoch); err != nil {
			t.Fatal(err)
		}
	}
}
