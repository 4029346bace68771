package search

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

func weightsOf(s fit.State) map[string]fit.Array {
	w := map[string]fit.Array{}
	for name, a := range s.Arrays {
		if strings.HasPrefix(name, "weights/") {
			w[name] = a
		}
	}
	return w
}

// With the pictures of one half inverted, a level that learns from this half changes. The
// architecture moves first, so its step does not depend on the other half.
func TestAlphasLearnFromTheirHalfAndWeightsFromTheOther(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	weights, arch := set.SearchHalves(5, 0)
	for _, factor := range []float64{0, 0.5} {
		of := func(set *data.Set, frozen int) fit.State {
			_, state := stepped(t, small(t, set, func(s *settings.Search) { s.SSFactor, s.Frozen = factor, frozen }), 0, 0)
			return state
		}
		first, alone := of(set, 0), of(set, 1)
		for _, c := range []struct {
			half          string
			index         []int32
			alphas, learn bool // levels that learn from the half
		}{{"weights", weights, false, true}, {"architecture", arch, true, false}} {
			other := parity.Negative(set, c.index)
			if changed := !reflect.DeepEqual(of(other, 0).Arrays["architecture"], first.Arrays["architecture"]); changed != c.alphas {
				t.Errorf("ss_factor %g: with other pictures in the half of the %s, alphas and betas change: %v", factor, c.half, changed)
			}
			if changed := !reflect.DeepEqual(weightsOf(of(other, 1)), weightsOf(alone)); changed != c.learn {
				t.Errorf("ss_factor %g: with other pictures in the half of the %s, weights change: %v", factor, c.half, changed)
			}
		}
	}
}

// A step of both levels changes the weights as a step of the weights alone does with the new alphas
// and betas.
func TestTheWeightsStepSeesTheNewArchitecture(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	both := small(t, set, func(s *settings.Search) { s.Frozen, s.ArchLR = 0, 0.5 })
	_, after := stepped(t, both, 0, 0)
	alone := small(t, set, func(s *settings.Search) {})
	_, old := stepped(t, alone, 0, 0)
	other := small(t, set, func(s *settings.Search) {})
	restore(t, other, func(state fit.State) { copy(state.Arrays["architecture"].F32, after.Arrays["architecture"].F32) })
	_, want := stepped(t, other, 0, 0)
	if !reflect.DeepEqual(weightsOf(after), weightsOf(want)) {
		t.Error("the weights' step sees the old architecture")
	}
	if reflect.DeepEqual(weightsOf(old), weightsOf(want)) {
		t.Error("the architecture has no effect on the weights' step: the test shows nothing")
	}
}

// Weight decay adds decay times the value to the gradient, with one setting for the weights and one
// for alphas and betas.
func TestEachLevelHasItsOwnWeightDecay(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	for _, factor := range []float64{0.5, 1} {
		of := func(weights, arch float64) (before, after fit.State) {
			s := small(t, set, func(s *settings.Search) {
				loose(s)
				s.SSFactor, s.WeightDecay, s.ArchWeightDecay, s.Frozen, s.ArchLR = factor, weights, arch, 0, 1e-9
			})
			restore(t, s, func(state fit.State) {
				for i := range state.Arrays["architecture"].F32 {
					state.Arrays["architecture"].F32[i] = float32(math.Sin(float64(i)))
				}
			})
			before = stateOf(t, s)
			_, after = stepped(t, s, 0, 0)
			return before, after
		}
		start, plain := of(0, 0)
		_, decayed := of(0.5, 3)
		add := func(g, w []float32, decay float64) []float32 {
			sum := slices.Clone(g)
			for i := range sum {
				sum[i] += float32(decay) * w[i]
			}
			return sum
		}
		for name, v := range decayed.Arrays {
			if label, is := strings.CutPrefix(name, "velocity/"); is {
				golden.Close(t, name, v.F32, add(velocity(plain, label), start.Arrays["weights/"+label].F32, 0.5), 1e-4)
			}
		}
		m := "adam.m" // is half of the gradient
		golden.Close(t, m, decayed.Arrays[m].F32, add(plain.Arrays[m].F32, start.Arrays["architecture"].F32, 1.5), 1e-4)
	}
}

// The test checks the batches of both levels in the second step of the second epoch.
func TestASearchSeesItsPicturesShuffledCroppedFlippedAndCut(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	s := small(t, set, func(*settings.Search) {})
	weights, arch := set.SearchHalves(5, 0)
	for l, half := range map[level][]int32{ofWeights: weights, ofArchitecture: arch} {
		const epoch, step = 1, 1
		r := fit.Random(5, map[level]string{ofWeights: "weights", ofArchitecture: "architecture"}[l], epoch, step)
		want := make([]float32, 8*8*8) // [h, w, batch]
		var labels []int32
		for b, i := range augment.EpochOrder(half, 5, epoch)[8:] {
			for h, row := range parity.Drawn(set, i, r, 4, 4) {
				for w, v := range row {
					want[(h*8+w)*8+b] = float32(v)
				}
			}
			labels = append(labels, int32(set.Train.Labels[i]))
		}
		if err := s.batch(l, epoch, step, func(x []*block.Value, y *block.Value) error {
			golden.Close(t, l.String()+": pictures", x[0].Floats(), want, 1e-5)
			if got := y.Tensor().Value(); !reflect.DeepEqual(got, labels) {
				t.Errorf("%s: labels %v, want %v", l, got, labels)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// Adam's step does not depend on the gradient's length, but its moments do.
func TestTheGradientOfAlphasIsClippedWhereTheSettingsSaySo(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	moment := func(clip float64) (m []float32, norm float64) {
		s := small(t, set, func(s *settings.Search) { s.Frozen, s.ArchClip, s.ArchWeightDecay = 0, clip, 0 })
		metrics, state := stepped(t, s, 0, 0)
		return state.Arrays["adam.m"].F32, metrics["arch_grad_norm"]
	}
	free, length := moment(0)
	for share, clip := range map[float64]float64{1: 2 * length, 0.25: length / 4} {
		clipped, told := moment(clip)
		if math.Abs(told-length) > 1e-6*length {
			t.Errorf("the reported norm is %g, but before clipping it is %g", told, length)
		}
		for i := range free {
			if want := share * float64(free[i]); math.Abs(float64(clipped[i])-want) > 1e-4*length*0.5 {
				t.Fatalf("clipped at %g, Adam's moment is %g, want %g", clip, clipped[i], want)
			}
		}
	}
}

func TestTwoViewsWithoutTheLossSeeWhatAMixedSearchSees(t *testing.T) {
	set := parity.Pictures(32, 1, 8, 3)
	control := small(t, set, func(s *settings.Search) { s.TwoViews = true })
	mixed := small(t, set, func(s *settings.Search) { s.SSFactor = 1e-9 })
	plain := small(t, set, func(s *settings.Search) {})
	a, first := stepped(t, control, 1, 0)
	b, second := stepped(t, mixed, 1, 0)
	c, _ := stepped(t, plain, 1, 0)
	for name, x := range map[string]float64{"train_loss": b["train_ce"], "arch_loss": b["arch_ce"], "train_accuracy": b["train_accuracy"], "arch_accuracy": b["arch_accuracy"]} {
		if math.Abs(a[name]-x) > 1e-6 {
			t.Errorf("%s is %g, that of a mixed search whose share vanishes %g", name, a[name], x)
		}
	}
	if a["train_loss"] == c["train_loss"] {
		t.Error("one view gives the same loss: the test shows nothing")
	}
	for name, w := range weightsOf(first) {
		for i, x := range w.F32 {
			if math.Abs(float64(x-second.Arrays[name].F32[i])) > 1e-5 {
				t.Fatalf("after a step %s[%d] is %g, that of the mixed search %g", name, i, x, second.Arrays[name].F32[i])
			}
		}
	}
	if _, projector := first.Arrays["weights/projector"]; projector {
		t.Error("the search has a projector")
	}
}
