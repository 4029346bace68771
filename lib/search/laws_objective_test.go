package search

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// The tests of this file check the gradients of a first step. Without momentum, decay and clip, the
// step's velocity is the gradient.

// loose disables decay and clip and freezes the architecture.
func loose(s *settings.Search) { s.WeightDecay, s.ArchWeightDecay, s.Clip = 0, 0, 1e9 }

func velocity(s fit.State, label string) []float32 { return s.Arrays["velocity/"+label].F32 }

func scaled(x []float32, factor float64) []float32 {
	y := slices.Clone(x)
	for i := range y {
		y[i] *= float32(factor)
	}
	return y
}

// A classifier of zeros gives all classes the same probability for every input. Its cross-entropy
// is ln(classes), and the gradient of its bias is 1/classes minus the class's share of the batch.
// Two views have the mean of this, which is the same. The factor is 1 - f, or 1 if the classifier
// is a probe.
func TestTheCrossEntropyOfTwoViewsIsTheirMeanAndHasItsShare(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	for _, c := range []struct{ factor, share float64 }{{0, 1}, {0.25, 0.75}, {0.75, 0.25}, {1, 1}} {
		t.Run(fmt.Sprintf("ss_factor %g", c.factor), func(t *testing.T) {
			s := small(t, set, func(s *settings.Search) { loose(s); s.SSFactor = c.factor })
			restore(t, s, func(state fit.State) { clear(state.Arrays["weights/"+backbone.ClassifierLabel].F32) })
			m, state := stepped(t, s, 0, 0)
			half, _ := set.SearchHalves(5, 0)
			want := slices.Repeat([]float32{1. / 3}, 3)
			for _, i := range augment.EpochOrder(half, 5, 0)[:8] {
				want[set.Train.Labels[i]] -= 1. / 8
			}
			g := velocity(state, backbone.ClassifierLabel)
			golden.Close(t, "gradient of the classifier's bias", g[len(g)-3:], scaled(want, c.share), 1e-5)
			ce := m["train_loss"]
			if c.factor > 0 {
				ce = m["train_ce"]
			}
			if math.Abs(ce-math.Log(3)) > 1e-5 {
				t.Errorf("cross-entropy %g, want ln 3", ce)
			}
		})
	}
}

// Only L_BT reaches the projector, so the projector's gradient is proportional to the factor of
// this term: f times the scale.
func TestTheProjectorsGradientIsInProportionToSSFactorAndScale(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	of := func(factor, scale float64) []float32 {
		_, state := stepped(t, small(t, set, func(s *settings.Search) { loose(s); s.SSFactor, s.SSScale = factor, scale }), 0, 0)
		return velocity(state, projectorLabel)
	}
	one := of(1, 1)
	for _, c := range []struct{ factor, scale float64 }{{0.25, 1}, {0.75, 1}, {1, 0.125}, {0.75, 2}} {
		golden.Close(t, fmt.Sprintf("with ss_factor %g and scale %g", c.factor, c.scale), of(c.factor, c.scale), scaled(one, c.factor*c.scale), 1e-4)
	}
}

// An embedding of one number has correlation 1 with itself. Equal views thus have loss 0 in both
// levels, and distorted views have a positive loss.
func TestTheTwoViewsAreTwo(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	for views, same := range map[string]bool{"none": true, "crop 1 pixels 2, flip 0.5": false} {
		m, _ := stepped(t, small(t, set, func(s *settings.Search) { s.SSFactor, s.Projector, s.Views, s.Frozen = 0.5, "1", views, 0 }), 0, 0)
		for _, name := range []string{"train_bt", "arch_bt"} {
			if (m[name] < 1e-4) != same || !same && m[name] < 0.01 {
				t.Errorf("views %q: %s is %g", views, name, m[name])
			}
		}
	}
}

// With ss_balance each level's step is that of a search whose scale is ss_scale times the balance
// of the level.
func TestTheBalanceOfEachLevelScalesItsOwnStep(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	of := func(frozen, every int, scale float64) (event.Metrics, fit.State) {
		return stepped(t, small(t, set, func(s *settings.Search) {
			loose(s)
			s.SSFactor, s.SSScale, s.SSBalance, s.Frozen, s.ArchLR = 0.5, scale, every, frozen, 1e-9
		}), 0, 0)
	}
	m, balanced := of(0, 1, 0.5)
	weights, arch := m["train_balance"], m["arch_balance"]
	if weights == 0 || arch == 0 || math.Abs(weights/arch-1) < 0.05 {
		t.Fatalf("the test shows nothing with balances of %g and %g", weights, arch)
	}
	_, plain := of(1, 0, 0.5*weights)
	for name, v := range balanced.Arrays {
		if strings.HasPrefix(name, "velocity/") {
			golden.Close(t, name, v.F32, plain.Arrays[name].F32, 1e-3)
		}
	}
	_, plain = of(0, 0, 0.5*arch)
	golden.Close(t, "gradient of alphas and betas", balanced.Arrays["adam.m"].F32, plain.Arrays["adam.m"].F32, 1e-3)
}

func length(vectors ...[]float32) float64 {
	sum := 0.0
	for _, v := range vectors {
		for _, x := range v {
			sum += float64(x) * float64(x)
		}
	}
	return math.Sqrt(sum)
}

// The gradient of the weights is clipped to the length clip. The gradient of a probe is not part of
// it, and is clipped separately.
func TestTheGradientIsClippedAndAProbesByItself(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	for _, c := range []struct{ factor, clip float64 }{{0, 1e-3}, {0.5, 1e-3}, {1, 1e-3}, {1, 1e9}} {
		m, state := stepped(t, small(t, set, func(s *settings.Search) { loose(s); s.SSFactor, s.Clip = c.factor, c.clip }), 0, 0)
		var trunk, classifier [][]float32
		for name, v := range state.Arrays {
			switch label, is := strings.CutPrefix(name, "velocity/"); {
			case is && label == backbone.ClassifierLabel && c.factor == 1:
				classifier = append(classifier, v.F32)
			case is:
				trunk = append(trunk, v.F32)
			}
		}
		if got, want := length(trunk...), min(c.clip, m["grad_norm"]); math.Abs(got/want-1) > 1e-2 {
			t.Errorf("ss_factor %g: after a clip at %g the gradient's norm is %g, it was %g", c.factor, c.clip, got, m["grad_norm"])
		}
		if got := length(classifier...); c.factor == 1 && c.clip < 1 && math.Abs(got/c.clip-1) > 1e-2 {
			t.Errorf("after a clip at %g the probe's gradient has a norm of %g", c.clip, got)
		}
	}
}

// EndEpoch reports the norms of the two terms' gradients with respect to the parameters that both
// terms reach. Each term has factor 1, the batch is the first of the epoch, and dropout is that of
// its step.
func TestTheNormsOfTheTermsLeaveTheHeadsOut(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	for _, phases := range []string{"", "3/8/0.5/2/1"} {
		s := small(t, set, func(s *settings.Search) { loose(s); s.SSFactor, s.Phases = 0.5, phases })
		ends, _, err := s.EndEpoch(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		of := func(factor, scale float64) float64 {
			_, state := stepped(t, small(t, set, func(s *settings.Search) { loose(s); s.Phases, s.SSFactor, s.SSScale = phases, factor, scale }), 0, 0)
			var shared [][]float32
			for name, v := range state.Arrays {
				if label, is := strings.CutPrefix(name, "velocity/"); is && label != backbone.ClassifierLabel && label != projectorLabel {
					shared = append(shared, v.F32)
				}
			}
			return length(shared...)
		}
		bt, ce := of(1, 1), 2*of(0.5, 1e-9)
		if math.Abs(ends["bt_grad_norm"]/bt-1) > 1e-3 || math.Abs(ends["ce_grad_norm"]/ce-1) > 1e-3 {
			t.Errorf("phases %q: norms of %g and %g, want %g and %g", phases, ends["ce_grad_norm"], ends["bt_grad_norm"], ce, bt)
		}
	}
}
