package search

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/task"
)

// PyTorch's numbers come from testdata/unrolled.py, in float64.
func TestTheSecondOrderGradientIsTorchs(t *testing.T) {
	var want struct {
		Loss          float64
		First, Second []float64
	}
	text, err := os.ReadFile("testdata/unrolled.json")
	if err == nil {
		err = json.Unmarshal(text, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	torch, start := golden.Read(t, "bilevel"), golden.Read(t, "supernet")
	s := assemble(task.Base{Engine: block.NewEngine(backendtest.Open(t).Backend)},
		backbone.Backbone{Classes: 10, ImageChannels: 3, ImageSide: 16, Batch: 4, Partial: 4},
		settings.Search{Shared: settings.Shared{Cells: 3, Channels: 16, Batch: 4, Epochs: 1, Momentum: 0.9, WeightDecay: 3e-2}, Partial: 4, Clip: float64(torch["clip"].Data[0]), ArchLR: 6e-4})
	defer s.Tape.Close()
	parity.Load(t, s.Params, start, parity.Path)
	s.arch.SetFlat(parity.Architecture(start, "weight/", true))
	s.arch.Update(s.mixing)
	batch := func(kind string, step int) ([]*block.Value, *block.Value) {
		return []*block.Value{parity.Image(item(torch[kind+"/x"], step))}, parity.Labels(item(torch[kind+"/labels"], step))
	}
	x, y := batch("train", 0)
	if _, err := s.weightsStep(x, y, 0.1); err != nil {
		t.Fatal(err)
	}
	before := stateOf(t, s)
	valid, validLabels := batch("valid", 1)
	train, trainLabels := batch("train", 1)
	got, r, err := s.unrolledGradient(valid, validLabels, train, trainLabels, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.loss-want.Loss) > 1e-5*want.Loss {
		t.Errorf("the loss after the virtual step is %g, torch's is %g", r.loss, want.Loss)
	}
	differ := func(other []float64) float64 {
		sum, all := 0.0, 0.0
		for i, w := range other {
			sum, all = sum+(float64(got[i])-w)*(float64(got[i])-w), all+w*w
		}
		return math.Sqrt(sum / all)
	}
	// a difference of two gradients in float32 has about three digits; the first-order gradient
	// differs more
	if d := differ(want.Second); d > 1e-3 {
		t.Errorf("the gradient differs from torch's by %.1e of its length", d)
	}
	if d := differ(want.First); d < 0.05 {
		t.Errorf("the first-order gradient differs by %.1e only: the test shows nothing", d)
	}
	if after := stateOf(t, s); !reflect.DeepEqual(before, after) {
		t.Error("weights, momentum, or alphas and betas have changed")
	}
}

func TestASecondOrderSearchTakesItsStepAndGoesOnInTheSameBits(t *testing.T) {
	set := crops(t)
	unrolled := tiny("")
	unrolled.Unrolled = true
	for name, change := range map[string]func(s *settings.Search){
		"plain": func(*settings.Search) {},
		"self-supervised": func(s *settings.Search) {
			s.SSFactor, s.SSScale, s.Projector, s.Views = 0.5, 0.5, "6,5", "crop 1, flip 0.5"
		},
		"a probe": func(s *settings.Search) {
			s.SSFactor, s.SSScale, s.Projector, s.Views = 1, 0.5, "6,5", "crop 1, flip 0.5"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, first := unrolled, tiny("")
			change(&s)
			change(&first)
			running := begin(t, set, s)
			half := epochs(t, running, 0, 1)
			end := epochs(t, running, 1, 2)
			if reflect.DeepEqual(end.Arrays["architecture"], epochs(t, begin(t, set, first), 0, 2).Arrays["architecture"]) {
				t.Error("alphas and betas move as they do in first order")
			}
			again := begin(t, set, s)
			if err := again.Restore(half); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(epochs(t, again, 1, 2), end) {
				t.Error("restored, it ends in other bits")
			}
		})
	}
}
