package multidevice

import (
	"reflect"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/search"
	"github.com/essnas/essnas/lib/settings"
)

// tiny is a search with the mixed loss: two steps of 4 images of 8x8 an epoch.
func tiny(devices int) settings.Search {
	return settings.Search{
		Shared:  settings.Shared{Cells: 3, Channels: 4, Batch: 4, Epochs: 2, Seed: 5, Devices: devices, LR: 0.1, Momentum: 0.9, WeightDecay: 3e-4},
		Mixed:   settings.Mixed{SSFactor: 0.5, SSScale: 0.1},
		Twins:   settings.Twins{Projector: "8,8"},
		Partial: 2, Clip: 5, ArchLR: 0.1, ArchWeightDecay: 1e-3,
	}
}

// sample returns 16 images of 8x8.
func sample(t *testing.T) *data.Set {
	t.Helper()
	set, err := data.Sample()
	if err != nil {
		t.Fatal(err)
	}
	const n, side = 16, 8
	small := data.Images{N: n, Height: side, Width: side, Channels: 1, Labels: set.Train.Labels[:n]}
	for i := range n {
		for y := range side {
			row := (i*28+y+10)*28 + 10
			small.Pixels = append(small.Pixels, set.Train.Pixels[row:row+side]...)
		}
	}
	cut := *set
	cut.Train = small
	return &cut
}

func begin(t *testing.T, s settings.Search) *search.Search {
	t.Helper()
	task, err := search.New(backendtest.Several(t, devices), sample(t), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(task.Close)
	return task
}

func steps(t *testing.T, task *search.Search, epoch, from, to int) event.Metrics {
	t.Helper()
	var last event.Metrics
	for i := from; i < to; i++ {
		var err error
		if last, err = task.Step(epoch, i); err != nil {
			t.Fatal(err)
		}
	}
	return last
}

func state(t *testing.T, task *search.Search) fit.State {
	t.Helper()
	s, err := task.State()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAStepOnTwoDevicesIsThatOnOne: images and distortions are the same, so losses, norms, alphas
// and weights are equal up to rounding.
func TestAStepOnTwoDevicesIsThatOnOne(t *testing.T) {
	one, two := begin(t, tiny(1)), begin(t, tiny(2))
	m1, m2 := steps(t, one, 0, 0, 1), steps(t, two, 0, 0, 1)
	for name := range m1 {
		golden.Close(t, name, []float32{float32(m2[name])}, []float32{float32(m1[name])}, 1e-3)
	}
	s1, s2 := state(t, one), state(t, two)
	for name, a := range s1.Arrays {
		if a.F32 != nil && name != "adam.m" && name != "adam.v" {
			// Adam divides by the gradient's size: its first step magnifies rounding
			golden.Close(t, name, s2.Arrays[name].F32, a.F32, 1e-2)
		}
	}
}

// TestASearchOnTwoDevicesResumesToTheBit: a search that continues from a checkpoint ends with the
// bits of a search without interruption.
func TestASearchOnTwoDevicesResumesToTheBit(t *testing.T) {
	whole := begin(t, tiny(2))
	steps(t, whole, 0, 0, 1)
	middle := state(t, whole)
	steps(t, whole, 0, 1, 2)
	resumed := begin(t, tiny(2))
	if err := resumed.Restore(middle); err != nil {
		t.Fatal(err)
	}
	steps(t, resumed, 0, 1, 2)
	if !reflect.DeepEqual(state(t, whole), state(t, resumed)) {
		t.Error("a resumed search differs from one that wasn't interrupted")
	}
}

// TestDevicesThatDontDivideTheBatch: the settings are invalid.
func TestDevicesThatDontDivideTheBatch(t *testing.T) {
	for _, n := range []int{0, 3, 4} {
		s := tiny(n)
		if s.Validate() == nil {
			t.Errorf("%d devices share a batch of %d", n, s.Batch)
		}
	}
}
