package train

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/settings"
)

// small returns a training with four steps per epoch on 40 pictures, of which 8 are held back,
// without decay and clip.
func small(t *testing.T, set *data.Set, change func(*settings.Train)) *Training {
	t.Helper()
	s := settings.Train{Shared: settings.Shared{Cells: 3, Channels: 2, Batch: 8, Epochs: 4, Devices: 1, Seed: 5, LR: 0.02, Momentum: 0.9}, Labels: 1, Clip: 1e9}
	change(&s)
	return newTraining(t, set, s)
}

func pictures() *data.Set { return parity.Pictures(40, 1, 16, 3) }

// stepped makes a step and returns its metrics and the state after it.
func stepped(t *testing.T, s *Training, epoch, step int) (event.Metrics, fit.State) {
	t.Helper()
	m, err := s.Step(epoch, step)
	if err != nil {
		t.Fatal(err)
	}
	return m, stateOf(t, s)
}

func ended(t *testing.T, s *Training, epoch int) event.Metrics {
	t.Helper()
	m, _, err := s.EndEpoch(t.Context(), epoch)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func velocity(s fit.State, label string) []float32 { return s.Arrays["velocity/"+label].F32 }

// The stem's convolution selects a pixel: the centre, or one of its four neighbours. The running
// mean and variance of the following norm then determine sums over the batch's pictures: over all
// pixels, and without a border on each side, which a flip exchanges.
func TestATrainingSeesItsPicturesCroppedFlippedAndCut(t *testing.T) {
	set := pictures()
	const side, batch = 16, 8
	taps := [][2]int{{0, 0}, {0, -1}, {0, 1}, {-1, 0}, {1, 0}}
	for _, cutout := range []int{0, 6} {
		s := small(t, set, func(s *settings.Train) { s.Cutout = cutout })
		state := stateOf(t, s)
		stem := state.Arrays["weights/stem"].F32
		clear(stem[:6*9])
		for c, tap := range taps {
			stem[c*9+4+3*tap[0]+tap[1]] = 1
		}
		if err := s.Restore(state); err != nil {
			t.Fatal(err)
		}
		_, state = stepped(t, s, 1, 2)
		train, _ := set.TrainValidation(5, 0)
		r := fit.Random(5, "augment", 1, 2)
		var seen [][][]float64
		for _, i := range augment.EpochOrder(train, 5, 1)[2*batch : 3*batch] {
			seen = append(seen, parity.Drawn(set, i, r, 4, cutout))
		}
		var mean, variance []float32
		for _, tap := range taps {
			sum, squares := 0.0, 0.0
			for _, x := range seen {
				for h := range side {
					for w := range side {
						if y, z := h+tap[0], w+tap[1]; y >= 0 && y < side && z >= 0 && z < side {
							sum += x[y][z]
							squares += x[y][z] * x[y][z]
						}
					}
				}
			}
			const n = batch * side * side
			mean = append(mean, float32(0.1*sum/n))
			variance = append(variance, float32(0.9+0.1*(squares-sum*sum/n)/(n-1)))
		}
		got := state.Arrays["running/stem"].F32
		golden.Close(t, fmt.Sprintf("cutout %d: mean", cutout), got[:5], mean, 1e-5)
		golden.Close(t, fmt.Sprintf("cutout %d: variance", cutout), got[6:11], variance, 1e-5)
	}
}

func TestTheWeightsMoveAtARateThatFallsAlongACosine(t *testing.T) {
	s := small(t, pictures(), func(s *settings.Train) { s.LR = 0.1 })
	for epoch := range 4 {
		before := stateOf(t, s)
		m, after := stepped(t, s, epoch, 1)
		want := 0.1 * (1 + math.Cos(math.Pi*float64(epoch)/4)) / 2
		moved, fast := 0.0, 0.0
		for name, w := range before.Arrays {
			if label, is := strings.CutPrefix(name, "weights/"); is {
				for i, x := range w.F32 {
					d, v := float64(x-after.Arrays[name].F32[i]), float64(velocity(after, label)[i])
					moved, fast = moved+d*v, fast+v*v
				}
			}
		}
		if got := moved / fast; math.Abs(got/want-1) > 1e-3 || math.Abs(m["lr"]/want-1) > 1e-9 {
			t.Errorf("epoch %d: the weights moved at a rate of %g, and the metrics contain %g, want %g", epoch, got, m["lr"], want)
		}
	}
}

// masksOf returns the decisions of a step, per path.
func masksOf(s *Training, epoch, step int) map[network.Path][]float32 {
	masks := s.masks(epoch, step)
	defer masks.Free()
	all := map[network.Path][]float32{}
	for at, v := range masks {
		all[at] = v.Floats()
	}
	return all
}

// The probability of drop path grows linearly with the epochs: it is 0 in the first, and would
// reach the setting after the last.
func TestPathsAreDroppedMoreFromEpochToEpoch(t *testing.T) {
	set := parity.Pictures(400, 1, 8, 3)
	s := small(t, set, func(s *settings.Train) { s.DropPath, s.Batch = 0.8, 128 })
	for epoch := range 4 {
		p := 0.8 * float64(epoch) / 4
		zeros, n := 0., 0.
		for _, v := range masksOf(s, epoch, 0) {
			for _, x := range v {
				if n++; x == 0 {
					zeros++
				}
			}
		}
		if math.Abs(zeros/n-p) > 4*math.Sqrt(p*(1-p)/n) {
			t.Errorf("epoch %d: %g of %g paths are dropped, want %g", epoch, zeros/n, n, p)
		}
	}
	if reflect.DeepEqual(masksOf(s, 3, 0), masksOf(s, 3, 1)) {
		t.Error("another step drops the same paths")
	}
}

// A step in which all paths but identities are dropped differs from one without drop path. In the
// first epoch, which drops no path, it does not.
func TestDroppedPathsAreThoseOfTheStep(t *testing.T) {
	set := pictures()
	of := func(p float64, epoch int) fit.State {
		_, state := stepped(t, small(t, set, func(s *settings.Train) { s.DropPath = p }), epoch, 0)
		return state
	}
	for epoch, same := range []bool{true, false} {
		d, _ := golden.Deviation(of(0.9, epoch).Arrays["running/cell2/pre1"].F32, of(0, epoch).Arrays["running/cell2/pre1"].F32)
		if (d < 1e-5) != same {
			t.Errorf("epoch %d: with and without dropped paths the statistics of the last cell deviate by %g", epoch, d)
		}
	}
}

// The held-back pictures have wrong labels. As the network improves, its loss on them grows: the
// lowest is that of an early epoch, while the training loss is lowest at the end.
func TestTheWeightsKeptAreThoseOfTheLowestLossOnHeldBackPictures(t *testing.T) {
	set := parity.Pictures(60, 1, 8, 3)
	_, held := set.TrainValidation(5, 0)
	for i, label := range set.Train.Labels {
		if slices.Contains(held, int32(i)) {
			label = (label + 1) % 3
		}
		for j := range set.Train.Picture(i) {
			set.Train.Picture(i)[j] = 40 + 80*label + uint8(j%8)
		}
	}
	s := small(t, set, func(s *settings.Train) { s.Epochs, s.LR = 6, 0.05 })
	store := fit.Store{Dir: t.TempDir()}
	var train, validation []float64
	if err := fit.Run(t.Context(), s, store, fit.Options{Observe: func(e fit.Event) error {
		if e.Kind == event.EndOfEpoch {
			train, validation = append(train, e.Metrics["train_loss"]), append(validation, e.Metrics["val_loss"])
		}
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	state, err := fit.LoadState(store.Best())
	if err != nil {
		t.Fatal(err)
	}
	_, _, best, err := fit.Progress(state)
	want := slices.Index(validation, slices.Min(validation))
	if err != nil || best != want {
		t.Errorf("the best epoch is %d (%v), want %d: losses on held-back pictures are %v", best, err, want, validation)
	}
	if slices.Index(train, slices.Min(train)) == want {
		t.Errorf("the training loss is lowest in the same epoch, so the test shows nothing: %v, %v", train, validation)
	}
}

// Validation uses unchanged pictures, running statistics and all paths. Its results do not depend
// on epoch and step, and equal those of a model with the same weights.
func TestValidationSeesWholePicturesAndTheWholeNetwork(t *testing.T) {
	set := parity.Pictures(40, 1, 24, 3)
	s := small(t, set, func(s *settings.Train) { s.DropPath, s.Cutout, s.Auxiliary = 0.9, 8, 0.4 })
	stepped(t, s, 3, 0)
	first, again := ended(t, s, 0), ended(t, s, 3)
	if !reflect.DeepEqual(first, again) {
		t.Errorf("one epoch ends with %v, another with %v", first, again)
	}
	_, held := set.TrainValidation(5, 0)
	g, _ := cell.Published("DARTS_V2")
	m := network.NewModel(backendtest.Open(t), network.New(g, 3, 2, 3, 1, 24, 4, false), 1)
	defer m.Close()
	if err := m.Restore(stateOf(t, s)); err != nil {
		t.Fatal(err)
	}
	f, err := augment.NewFeeder(backendtest.Open(t).Backend, set.Train, set.Mean, set.Std, 4, augment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	logits, err := m.Logits(context.Background(), f, held, nil)
	if err != nil {
		t.Fatal(err)
	}
	loss, right := 0., 0.
	for i, z := range logits {
		sum, label := 0., set.Train.Labels[held[i]]
		for _, x := range z {
			sum += math.Exp(float64(x))
		}
		loss += (math.Log(sum) - float64(z[label])) / float64(len(held))
		if z[label] == slices.Max(z) {
			right += 1 / float64(len(held))
		}
	}
	if math.Abs(first["val_loss"]/loss-1) > 1e-4 || math.Abs(first["val_accuracy"]-right) > 1e-9 {
		t.Errorf("validation gives %v, the model a loss of %g and an accuracy of %g", first, loss, right)
	}
}

// No weight depends on a held-back picture or on one without a label. Validation does depend on
// held-back pictures.
func TestOnlyTheTrainingsOwnPicturesTeachIt(t *testing.T) {
	set := pictures()
	train, held := set.TrainValidation(5, 0)
	used := set.Train.Share(train, 0.5)
	unused := slices.DeleteFunc(slices.Clone(train), func(i int32) bool { return slices.Contains(used, i) })
	of := func(set *data.Set) (fit.State, event.Metrics) {
		s := small(t, set, func(s *settings.Train) { s.Labels = 0.5 })
		var state fit.State
		for step := range s.Steps(0) {
			_, state = stepped(t, s, 0, step)
		}
		return state, ended(t, s, 0)
	}
	state, end := of(set)
	for _, c := range []struct {
		pictures         string
		index            []int32
		learnt, measured bool
	}{{"held back", held, false, true}, {"without label", unused, false, false}, {"with label", used, true, true}} {
		other, ends := of(parity.Negative(set, c.index))
		if learnt := !reflect.DeepEqual(other, state); learnt != c.learnt {
			t.Errorf("pictures %s teach: %v", c.pictures, learnt)
		}
		if measured := ends["val_loss"] != end["val_loss"]; measured != c.measured {
			t.Errorf("pictures %s change the validation: %v", c.pictures, measured)
		}
	}
}

// Only the tower's loss reaches the tower's weights, so their gradient is proportional to its
// factor. The reported loss excludes it.
func TestTheTowersLossHasItsWeightInTheGradient(t *testing.T) {
	set := parity.Pictures(40, 1, 24, 3)
	of := func(weight float64) (event.Metrics, []float32) {
		m, state := stepped(t, small(t, set, func(s *settings.Train) { s.Auxiliary = weight }), 0, 0)
		return m, velocity(state, backbone.AuxiliaryLabel)
	}
	m, one := of(1)
	for _, weight := range []float64{0.4, 2} {
		n, g := of(weight)
		for i := range g {
			g[i] /= float32(weight)
		}
		golden.Close(t, fmt.Sprintf("gradient with weight %g", weight), g, one, 1e-4)
		if m["auxiliary_loss"] != n["auxiliary_loss"] || m["train_loss"] != n["train_loss"] {
			t.Errorf("with weight %g the losses are %v, with 1 %v", weight, n, m)
		}
	}
}

// Decay, momentum and clip are those of the settings. The velocity of a second step is 0.9 times
// the first one's, plus the clipped gradient, plus 0.5 times the weights.
func TestATrainingsStepIsThatOfItsSettings(t *testing.T) {
	set := pictures()
	of := func(decay, momentum, clip float64) (first, second fit.State, norms [2]float64) {
		s := small(t, set, func(s *settings.Train) { s.WeightDecay, s.Momentum, s.Clip, s.LR = decay, momentum, clip, 1e-12 })
		m, first := stepped(t, s, 0, 0)
		n, second := stepped(t, s, 0, 1)
		return first, second, [2]float64{m["grad_norm"], n["grad_norm"]}
	}
	first, second, norms := of(0, 0, 1e9)
	clip := norms[1] / 4
	_, got, _ := of(0.5, 0.9, clip)
	for name, v := range got.Arrays {
		label, is := strings.CutPrefix(name, "velocity/")
		if !is {
			continue
		}
		w := got.Arrays["weights/"+label].F32
		want := make([]float32, len(w))
		for i := range want {
			before := min(1, clip/norms[0])*float64(velocity(first, label)[i]) + 0.5*float64(w[i])
			want[i] = float32(0.9*before + float64(velocity(second, label)[i])/4 + 0.5*float64(w[i]))
		}
		golden.Close(t, name, v.F32, want, 1e-3)
	}
}
