package search

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// The searches of this file are those of lib/internal/golden/whole.py: a network with projector in
// PyTorch. Both sides draw, crop, flip and cut the same batches. The tests use the same methods as
// a run: steps, ends of epochs, states.

// wholeSearch returns a search of whole.py, with PyTorch's weights, alphas and betas.
func wholeSearch(t *testing.T, b *backend.Backend, torch map[string]golden.Array, change func(*settings.Search)) *Search {
	t.Helper()
	search := smallOn(t, b, parity.Pictures(32, 1, 8, 3), change)
	restore(t, search, func(state fit.State) {
		for _, p := range trainable(search) {
			copy(state.Arrays["weights/"+p.Label].F32, parity.Flat(t, p, torch, "weight"))
		}
		copy(state.Arrays["architecture"].F32, parity.Architecture(torch, "weight/", true))
	})
	return search
}

// small returns a search with two steps per epoch on 32 pictures.
func small(t *testing.T, set *data.Set, change func(*settings.Search)) *Search {
	t.Helper()
	return smallOn(t, backendtest.Open(t), set, change)
}

func smallOn(t *testing.T, b *backend.Backend, set *data.Set, change func(*settings.Search)) *Search {
	t.Helper()
	s := settings.Search{
		Shared:  settings.Shared{Cells: 3, Channels: 4, Batch: 8, Devices: 1, Epochs: 2, Seed: 5, LR: 0.02, Momentum: 0.9, WeightDecay: 3e-2},
		Mixed:   settings.Mixed{SSScale: 0.25},
		Twins:   settings.Twins{Projector: "6,5", Views: "crop 0.8 pixels 2, flip 0.5"},
		Partial: 2, Frozen: 1, LRMin: 0.004, Clip: 2, ArchLR: 0.05, ArchWeightDecay: 5e-2, Cutout: 4,
	}
	change(&s)
	search, err := New(b, set, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(search.Close)
	return search
}

// restore changes the state of a search and lets the search continue from it.
func restore(t *testing.T, s *Search, change func(state fit.State)) {
	t.Helper()
	state := stateOf(t, s)
	change(state)
	if err := s.Restore(state); err != nil {
		t.Fatal(err)
	}
}

// stepped makes a step and returns its metrics and the state after it.
func stepped(t *testing.T, s *Search, epoch, step int) (event.Metrics, fit.State) {
	t.Helper()
	m, err := s.Step(epoch, step)
	if err != nil {
		t.Fatal(err)
	}
	return m, stateOf(t, s)
}

func stateOf(t *testing.T, s *Search) fit.State {
	t.Helper()
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func trainable(s *Search) []*block.Param {
	return slices.DeleteFunc(slices.Clone(s.Params), func(p *block.Param) bool { return !p.Trainable() })
}

// wholeEpochs runs the epochs of a search and returns each metric's numbers, of steps and of ends
// of epochs.
func wholeEpochs(t *testing.T, s *Search, epochs int) (steps, ends map[string][]float32) {
	t.Helper()
	steps, ends = map[string][]float32{}, map[string][]float32{}
	add := func(to map[string][]float32, m event.Metrics) {
		for name, x := range m {
			to[name] = append(to[name], float32(x))
		}
	}
	for e := range epochs {
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
	return steps, ends
}

func sameMetrics(t *testing.T, got, want map[string][]float32) {
	t.Helper()
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		t.Errorf("the metrics are %v, torch's %v", g, w)
		return
	}
	for name := range want {
		golden.Close(t, name, got[name], want[name], parity.Tolerance)
	}
}

// TestTheMixedObjectiveIsTorchs compares the mixed objective with PyTorch in both levels. On a
// batch of the architecture's half it compares the loss, its terms, and the gradients of all alphas
// and betas. After these have moved, it compares the same on a batch of the weights' half, with the
// gradients of all weights, projector and classifier included.
func TestTheMixedObjectiveIsTorchs(t *testing.T) {
	for _, factor := range []float64{0, 0.3, 0.7, 1} {
		t.Run(fmt.Sprintf("ss_factor %g", factor), func(t *testing.T) { objectiveIsTorchs(t, backendtest.Open(t), factor) })
	}
}

func objectiveIsTorchs(t *testing.T, b *backend.Backend, factor float64) {
	t.Helper()
	torch := golden.Read(t, "search")
	kind := fmt.Sprintf("gradients_%g/gradient", factor)
	parity.Unpack(torch, kind)
	s := wholeSearch(t, b, torch, func(s *settings.Search) {
		s.SSFactor, s.Frozen, s.Epochs, s.WeightDecay, s.ArchWeightDecay, s.Clip = factor, 0, 1, 0, 0, 1e9
	})
	m, err := s.Step(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	metrics := map[string][]float32{}
	for name, x := range m {
		metrics[name] = []float32{float32(x)}
	}
	sameMetrics(t, metrics, parity.Metrics(golden.Under(torch, fmt.Sprintf("gradients_%g/", factor))))
	state := stateOf(t, s)
	// after a first step without decay, the momentum is the gradient
	for _, p := range trainable(s) {
		parity.CloseFlat(t, "gradient", p, state.Arrays["velocity/"+p.Label].F32, torch, kind, parity.Tolerance)
	}
	gradient := slices.Clone(state.Arrays["adam.m"].F32)
	for i := range gradient {
		gradient[i] *= 2 // Adam's moment is 1 - 0.5 of it
	}
	parity.CloseArchitecture(t, "gradient of", gradient, torch, kind+"/", true)
}

// TestTwoEpochsOfASearchAreTorchs compares every metric of every step and epoch, and all weights,
// alphas and betas at the end. The architecture is frozen in the first epoch, and the learning rate
// falls. With labels alone pictures are cropped, flipped and cut; with the mixed loss each batch
// has two views.
func TestTwoEpochsOfASearchAreTorchs(t *testing.T) {
	for name, factor := range map[string]float64{"labels": 0, "mixed": 0.3} {
		t.Run(name, func(t *testing.T) { epochsAreTorchs(t, backendtest.Open(t), name, factor) })
	}
}

func epochsAreTorchs(t *testing.T, b *backend.Backend, name string, factor float64) {
	t.Helper()
	torch := golden.Read(t, "search")
	parity.Unpack(torch, name+"/final/weight")
	s := wholeSearch(t, b, torch, func(s *settings.Search) { s.SSFactor = factor })
	before := parity.Architecture(torch, "weight/", true)
	steps, ends := wholeEpochs(t, s, 2)
	sameMetrics(t, steps, parity.Metrics(golden.Under(torch, name+"/")))
	sameMetrics(t, ends, parity.Metrics(golden.Under(torch, name+"/epoch/")))
	state := stateOf(t, s)
	for _, p := range trainable(s) {
		parity.CloseFlat(t, "weights", p, state.Arrays["weights/"+p.Label].F32, torch, name+"/final/weight", parity.Tolerance)
	}
	after := state.Arrays["architecture"].F32
	golden.Close(t, "the way of alphas and betas", moved(before, after), moved(before, parity.Architecture(torch, name+"/final/weight/", true)), 1e-3)
}

// The search uses the layout of GPUs and keeps alphas, betas and optimizers on the device.
func TestASelfSupervisedSearchOnAGPUIsTorchs(t *testing.T) {
	b := backendtest.Rehearse(t, 1)
	for _, factor := range []float64{0.3, 1} {
		t.Run(fmt.Sprintf("ss_factor %g", factor), func(t *testing.T) { objectiveIsTorchs(t, b, factor) })
	}
	t.Run("two epochs", func(t *testing.T) { epochsAreTorchs(t, b, "mixed", 0.3) })
}
