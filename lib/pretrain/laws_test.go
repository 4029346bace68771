package pretrain

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// begun returns a pretraining with four steps per epoch on 40 pictures, of which 8 are held back.
func begun(t *testing.T, set *data.Set, change func(*settings.Pretrain)) *Pretraining {
	t.Helper()
	s := small()
	s.Channels, s.Batch, s.Images, s.Seed, s.Projector, s.Optimizer, s.Views = 2, 8, 0, 5, "6,5", "sgd", "crop 0.8 pixels 2, flip 0.5"
	change(&s)
	return start(t, set, s)
}

func pictures() *data.Set { return parity.Pictures(40, 1, 8, 3) }

func stepped(t *testing.T, p *Pretraining, epoch, step int) (event.Metrics, fit.State) {
	t.Helper()
	m, err := p.Step(epoch, step)
	if err != nil {
		t.Fatal(err)
	}
	state, err := p.State()
	if err != nil {
		t.Fatal(err)
	}
	return m, state
}

// rates returns the learning rates at which arrays of weights moved along their velocity.
func rates(before, after fit.State) map[string]float64 {
	of := map[string]float64{}
	for name, w := range before.Arrays {
		if label, is := strings.CutPrefix(name, "weights/"); is {
			moved, fast := 0., 0.
			for i, x := range w.F32 {
				d, v := float64(x)-float64(after.Arrays[name].F32[i]), float64(after.Arrays["velocity/"+label].F32[i])
				moved, fast = moved+d*v, fast+v*v
			}
			of[label] = moved / fast
		}
	}
	return of
}

// The learning rate rises from 0 by the same amount in each step for warm_up epochs. Then it falls
// along a cosine to a thousandth.
func TestTheRateRisesForTheEpochsOfWarmUpAndThenFalls(t *testing.T) {
	p := begun(t, pictures(), func(s *settings.Pretrain) { s.Epochs, s.WarmUp, s.LR = 5, 2, 0.08 })
	if n := p.Steps(0); n != 4 {
		t.Fatalf("%d steps an epoch, want 4", n)
	}
	for _, c := range []struct {
		epoch, step int
		want        float64
	}{
		{0, 0, 0}, {0, 1, 0.01}, {0, 3, 0.03}, {1, 0, 0.04}, {1, 3, 0.07}, {2, 0, 0.08},
		{3, 2, (0.08 + 0.00008) / 2}, {4, 2, 0.00008 + 0.07992*(1+math.Cos(math.Pi*10/12))/2},
	} {
		before, err := p.State()
		if err != nil {
			t.Fatal(err)
		}
		m, after := stepped(t, p, c.epoch, c.step)
		if math.Abs(m["lr"]-c.want) > 1e-9 {
			t.Errorf("epoch %d, step %d: the rate is %g, want %g", c.epoch, c.step, m["lr"], c.want)
		}
		for label, got := range rates(before, after) {
			if math.Abs(got-c.want) > 2e-3*c.want+1e-9 {
				t.Errorf("epoch %d, step %d: %s moved at a rate of %g, want %g", c.epoch, c.step, label, got, c.want)
			}
		}
	}
}

// shades gives every picture of a set one shade of grey, which class computes from its index and
// label.
func shades(set *data.Set, class func(i int32, label uint8) uint8) *data.Set {
	shaded := *set
	shaded.Train.Pixels = nil
	im := set.Train
	for i, label := range im.Labels {
		c := class(int32(i), label)
		for j := range im.Height * im.Width { // stripes whose width depends on the class
			v := uint8(0)
			if j%im.Width/(1+int(c))%2 == 0 {
				v = 250 - 60*c
			}
			shaded.Train.Pixels = append(shaded.Train.Pixels, v)
		}
	}
	return &shaded
}

// Pictures of one class are equal, so a picture's neighbours belong to its class for any features.
// All three measures classify held-back pictures by training pictures.
func TestHeldBackPicturesAskAndTrainingPicturesAnswer(t *testing.T) {
	// 6 of each class are held back; the other 24 are more than the voting neighbours
	set := parity.Pictures(90, 1, 8, 3)
	train, held := set.TrainValidation(5, 0)
	first := held[0]
	for _, c := range []struct {
		law   string
		class func(i int32, label uint8) uint8
		want  float64
	}{
		{"each shows its class", func(i int32, label uint8) uint8 { return label }, 1},
		{"held-back pictures show the next class", func(i int32, label uint8) uint8 {
			if slices.Contains(held, i) {
				return (label + 1) % 3
			}
			return label
		}, 0},
		{"one held-back picture shows the next class", func(i int32, label uint8) uint8 {
			if i == first {
				return (label + 1) % 3
			}
			return label
		}, 1 - 1./18},
		{"many answer, of whom the first is wrong", func(i int32, label uint8) uint8 {
			if slices.Contains(train[:3], i) { // one per class
				return (label + 1) % 3
			}
			return label
		}, 1},
	} {
		t.Run(c.law, func(t *testing.T) {
			p := begun(t, shades(set, c.class), func(s *settings.Pretrain) { s.KNNEvery = 1 })
			m, _, err := p.EndEpoch(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"knn_accuracy", "knn_untrained", "knn_pixels"} {
				if math.Abs(m[name]-c.want) > 1e-9 {
					t.Errorf("%s is %g, want %g", name, m[name], c.want)
				}
			}
		})
	}
}

// An embedding of one number has correlation 1 with itself. Equal views thus have loss 0, and
// distorted views have a positive loss.
func TestAPretrainingComparesTwoViews(t *testing.T) {
	for views, same := range map[string]bool{"none": true, "crop 1 pixels 2, flip 0.5": false} {
		m, _ := stepped(t, begun(t, pictures(), func(s *settings.Pretrain) { s.Projector, s.Views = "1", views }), 0, 0)
		if loss := m["train_loss"]; (loss < 1e-4) != same || !same && loss < 0.01 {
			t.Errorf("views %q: the loss is %g", views, loss)
		}
	}
}

func TestTheLossIsLinearInLambda(t *testing.T) {
	of := func(lambda float64) float64 {
		m, _ := stepped(t, begun(t, pictures(), func(s *settings.Pretrain) { s.Lambda = lambda }), 0, 0)
		return m["train_loss"]
	}
	none, one, three := of(0), of(1), of(3)
	if !(one > none+0.01) || math.Abs((three-none)/(one-none)-3) > 1e-3 {
		t.Errorf("with lambda 0, 1 and 3 the loss is %g, %g and %g", none, one, three)
	}
}

func TestNoHeldBackPictureTeachesAndNoMeasurementDoes(t *testing.T) {
	set := pictures()
	train, held := set.TrainValidation(5, 0)
	of := func(set *data.Set, measure bool) (state fit.State) {
		p := begun(t, set, func(s *settings.Pretrain) { s.Optimizer, s.KNNEvery, s.WarmUp = "adam", 1, 0 })
		for epoch := range 2 {
			for step := range p.Steps(epoch) {
				_, state = stepped(t, p, epoch, step)
			}
			if measure {
				if _, _, err := p.EndEpoch(t.Context(), epoch); err != nil {
					t.Fatal(err)
				}
			}
		}
		return state
	}
	state := of(set, false)
	if !reflect.DeepEqual(of(set, true), state) {
		t.Error("measurements teach")
	}
	if !reflect.DeepEqual(of(parity.Negative(set, held), false), state) {
		t.Error("held-back pictures teach")
	}
	if reflect.DeepEqual(of(parity.Negative(set, train[:1]), false), state) {
		t.Error("a training picture teaches nothing")
	}
}

// The baselines, of pixels and of the initial network, do not depend on the training; the accuracy
// of the features does.
func TestTheBaselinesAreThoseOfTheBeginning(t *testing.T) {
	p := begun(t, parity.Pictures(400, 1, 8, 3), func(s *settings.Pretrain) { s.Optimizer, s.KNNEvery, s.WarmUp, s.LR = "adam", 1, 0, 0.05 })
	before, _, err := p.EndEpoch(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for step := range 10 {
		stepped(t, p, 0, step)
	}
	after, _, err := p.EndEpoch(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"knn_untrained", "knn_pixels"} {
		if before[name] != after[name] {
			t.Errorf("%s is %g before the first step and %g after the tenth", name, before[name], after[name])
		}
	}
	if after["knn_accuracy"] == after["knn_untrained"] || after["knn_accuracy"] == after["knn_pixels"] {
		t.Errorf("the features are as accurate as a baseline, so the test shows nothing: %v", after)
	}
}

// LARS is the paper's optimizer: matrices move at the learning rate; arrays of one axis, gains and
// biases, at lr_vectors times the rate.
func TestLARSMovesVectorsAtTheirOwnRate(t *testing.T) {
	p := begun(t, pictures(), func(s *settings.Pretrain) {
		s.Optimizer, s.LR, s.LRVectors, s.WarmUp, s.WeightDecay = "lars", 0.5, 0.25, 0, 1e-2
	})
	before, err := p.State()
	if err != nil {
		t.Fatal(err)
	}
	_, after := stepped(t, p, 0, 0)
	vectors := 0
	for _, param := range p.Params {
		w, v := before.Arrays["weights/"+param.Label].F32, after.Arrays["velocity/"+param.Label].F32
		next := after.Arrays["weights/"+param.Label].F32
		for _, a := range param.Weights {
			want := 0.5
			if len(a.Dims) == 1 {
				want *= 0.25
				vectors++
			}
			moved, fast := 0., 0.
			for i := range a.Size() {
				moved += (float64(w[i]) - float64(next[i])) * float64(v[i])
				fast += float64(v[i]) * float64(v[i])
			}
			if got := moved / fast; math.Abs(got/want-1) > 1e-2 {
				t.Errorf("%s of %s moves at a rate of %g, want %g", a.Name, param.Label, got, want)
			}
			w, v, next = w[a.Size():], v[a.Size():], next[a.Size():]
		}
	}
	if vectors < 10 {
		t.Errorf("%d vectors, too few", vectors)
	}
}

// Weight decay adds decay times the weight to the gradient, and Adam's moment is a tenth of the
// sum. (LARS scales both; its steps are compared with PyTorch's.)
func TestSGDAndAdamHaveTheSettingsDecayAndMomentum(t *testing.T) {
	of := func(optimizer string, decay, momentum float64) (first, second fit.State) {
		p := begun(t, pictures(), func(s *settings.Pretrain) {
			s.Optimizer, s.WeightDecay, s.Momentum, s.WarmUp, s.LR = optimizer, decay, momentum, 0, 1e-12
		})
		_, first = stepped(t, p, 0, 0)
		_, second = stepped(t, p, 0, 1)
		return first, second
	}
	for optimizer, c := range map[string]struct {
		prefix, suffix string
		part           float64
	}{"sgd": {"velocity/", "", 1}, "adam": {"adam/", ".m", 0.1}} {
		plain, _ := of(optimizer, 0, 0.5)
		decayed, _ := of(optimizer, 0.5, 0.5)
		arrays := 0
		for name, a := range decayed.Arrays {
			label, is := strings.CutPrefix(name, c.prefix)
			label, ends := strings.CutSuffix(label, c.suffix)
			if !is || !ends {
				continue
			}
			arrays++
			want := slices.Clone(plain.Arrays[name].F32)
			for i, w := range plain.Arrays["weights/"+label].F32 {
				want[i] += float32(c.part*0.5) * w
			}
			golden.Close(t, optimizer+" "+name, a.F32, want, 1e-4)
		}
		if arrays < 10 {
			t.Errorf("%s has state for %d arrays, too few", optimizer, arrays)
		}
	}
	first, second := of("sgd", 0, 0.5)
	_, without := of("sgd", 0, 0)
	for name, a := range second.Arrays {
		if strings.HasPrefix(name, "velocity/") {
			want := slices.Clone(without.Arrays[name].F32)
			for i, v := range first.Arrays[name].F32 {
				want[i] += 0.5 * v
			}
			golden.Close(t, "after a second step, "+name, a.F32, want, 1e-4)
		}
	}
}
