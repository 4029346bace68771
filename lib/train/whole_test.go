package train

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// The tests of this file use the same methods of a training as a run: steps, ends of epochs,
// states.

func newTraining(t *testing.T, set *data.Set, s settings.Train) *Training {
	t.Helper()
	g, _ := cell.Published("DARTS_V2")
	training, err := New(backendtest.Open(t), set, g, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(training.Close)
	return training
}

func stateOf(t *testing.T, s *Training) fit.State {
	t.Helper()
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func trainable(s *Training) []*block.Param {
	return slices.DeleteFunc(slices.Clone(s.Params), func(p *block.Param) bool { return !p.Trainable() })
}

// auxiliaryWidths are the channels of the auxiliary tower in DARTS' code.
var auxiliaryWidths = [2]int{128, 768}

// tower adds initial weights of an auxiliary tower to PyTorch's arrays, with whole.py's random
// numbers: they are too many for a file.
func tower(torch map[string]golden.Array, in, classes int) {
	for number, w := range []struct {
		name  string
		shape []int
		fan   int
	}{
		{"conv1.weight", []int{auxiliaryWidths[0], in, 1, 1}, in},
		{"conv2.weight", []int{auxiliaryWidths[1], auxiliaryWidths[0], 2, 2}, 4 * auxiliaryWidths[0]},
		{"classifier.weight", []int{classes, auxiliaryWidths[1]}, auxiliaryWidths[1]},
		{"classifier.bias", []int{classes}, auxiliaryWidths[1]},
	} {
		n := 1
		for _, d := range w.shape {
			n *= d
		}
		r := rand.New(rand.NewPCG(5, uint64(number)))
		a := golden.Array{Shape: w.shape}
		for range n {
			a.Data = append(a.Data, float32((2*r.Float64()-1)/math.Sqrt(float64(w.fan))))
		}
		torch["weight/auxiliary."+w.name] = a
	}
	for i, width := range auxiliaryWidths {
		bn := []string{"weight/auxiliary.bn1.", "weight/auxiliary.bn2."}[i]
		torch[bn+"weight"] = golden.Array{Shape: []int{width}, Data: slices.Repeat([]float32{1}, width)}
		torch[bn+"bias"] = golden.Array{Shape: []int{width}, Data: make([]float32, width)}
	}
}

// TestTwoEpochsOfATrainingAreTorchs compares with lib/internal/golden/whole.py: every metric of
// every step, those of the validation after each epoch, and all weights and running statistics at
// the end. Both sides use the same batches, crops, flips, cutouts and dropped paths; the second
// epoch is the first with drop path.
func TestTwoEpochsOfATrainingAreTorchs(t *testing.T) {
	torch := golden.Read(t, "training")
	parity.Unpack(torch, "final/weight")
	tower(torch, 4*8, 3)
	s := newTraining(t, parity.Pictures(40, 1, 24, 3), settings.Train{
		Shared:    settings.Shared{Cells: 3, Channels: 2, Batch: 8, Epochs: 2, Devices: 1, Seed: 5, LR: 0.02, Momentum: 0.9, WeightDecay: 1e-2},
		Auxiliary: 0.4, DropPath: 0.6, Labels: 1, Clip: 2, Cutout: 8,
	})
	state := stateOf(t, s)
	for _, p := range trainable(s) {
		copy(state.Arrays["weights/"+p.Label].F32, parity.Flat(t, p, torch, "weight"))
	}
	if err := s.Restore(state); err != nil {
		t.Fatal(err)
	}
	steps, ends := map[string][]float32{}, map[string][]float32{}
	add := func(to map[string][]float32, m event.Metrics) {
		for name, x := range m {
			to[name] = append(to[name], float32(x))
		}
	}
	for e := range 2 {
		for i := range s.Steps(e) {
			m, err := s.Step(e, i)
			if err != nil {
				t.Fatal(err)
			}
			add(steps, m)
		}
		m, _, err := s.EndEpoch(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		add(ends, m)
	}
	for prefix, got := range map[string]map[string][]float32{"": steps, "epoch/": ends} {
		want := parity.Metrics(golden.Under(torch, prefix))
		if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
			t.Errorf("the metrics are %v, torch's %v", g, w)
			continue
		}
		for name := range want {
			golden.Close(t, name, got[name], want[name], parity.Tolerance)
		}
	}
	state = stateOf(t, s)
	for _, p := range trainable(s) {
		if p.Label == backbone.AuxiliaryLabel {
			continue // the tower's effect on the other weights is compared
		}
		parity.CloseFlat(t, "weights", p, state.Arrays["weights/"+p.Label].F32, torch, "final/weight", parity.Tolerance)
		if want := parity.RunningStatistics(t, p, golden.Under(torch, "final/")); len(p.Running) > 0 {
			golden.Close(t, "running statistics of "+p.Label, state.Arrays["running/"+p.Label].F32, want, parity.Tolerance)
		}
	}
}
