package search

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/adversary"
	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/task"
)

// TestTheGradientsOfRobustTermsAreTorchs compares with testdata/robust.py, in float64. A difference
// of two gradients in float32 has about three digits.
func TestTheGradientsOfRobustTermsAreTorchs(t *testing.T) {
	var want map[string]struct {
		Value    float64
		Gradient []float64
	}
	text, err := os.ReadFile("testdata/robust.json")
	if err == nil {
		err = json.Unmarshal(text, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	start := golden.Read(t, "supernet")
	s := assemble(task.Base{Engine: block.NewEngine(backendtest.Open(t).Backend)},
		backbone.Backbone{Classes: 10, ImageChannels: 3, ImageSide: 16, Batch: 4, Partial: 4},
		settings.Search{Shared: settings.Shared{Cells: 3, Channels: 16, Batch: 4, Epochs: 1, Momentum: 0.9}, Partial: 4, Clip: 5, ArchLR: 6e-4})
	defer s.Tape.Close()
	parity.Load(t, s.Params, start, parity.Path)
	s.arch.SetFlat(parity.Architecture(start, "weight/", true))
	s.arch.Update(s.mixing)
	valid := golden.Read(t, "bilevel")
	pixels := item(valid["valid/x"], 1)
	for i, v := range pixels.Data {
		pixels.Data[i] = min(max(v, -2), 2)
	}
	x, y := []*block.Value{parity.Image(pixels)}, parity.Labels(item(valid["valid/labels"], 1))
	for name, tolerance := range map[string]float64{"fgsm": 1e-3, "jacobian": 2e-2} {
		s.robust = &robustness{weight: 0.5, jacobian: name == "jacobian", ball: adversary.Ball{
			Mean: slices.Repeat([]float32{0.5}, 3), Std: slices.Repeat([]float32{0.25}, 3), Side: 16, Batch: 4, Eps: 0.01,
		}}
		sides, known, err := s.robustSides(x, y)
		if err != nil {
			t.Fatal(err)
		}
		read, err := s.robustPasses(sides, known, y)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(); math.Abs(got-want[name].Value) > 1e-4*want[name].Value {
			t.Errorf("the term %s is %g, torch's %g", name, got, want[name].Value)
		}
		sum, all := 0.0, 0.0
		got := s.arch.Gradient(s.mixing)
		s.mixing.DropGradients()
		free(sides)
		for i, w := range want[name].Gradient {
			w *= s.robust.weight
			sum, all = sum+(float64(got[i])-w)*(float64(got[i])-w), all+w*w
		}
		if d := math.Sqrt(sum / all); !(d <= tolerance) {
			t.Errorf("the gradient of %s differs from torch's by %.1e of its length", name, d)
		}
	}
}

// TestARobustSearchTakesItsStepAndGoesOnInTheSameBits.
func TestARobustSearchTakesItsStepAndGoesOnInTheSameBits(t *testing.T) {
	set := crops(t)
	plain := epochs(t, begin(t, set, tiny("")), 0, 2).Arrays["architecture"]
	for _, term := range settings.RobustTerms() {
		t.Run(term, func(t *testing.T) {
			s := tiny("")
			s.Robustness = settings.Robustness{Robust: term, RobustWeight: 1, RobustEps: "8/255"}
			half := begin(t, set, s)
			first := epochs(t, half, 0, 1)
			end := epochs(t, half, 1, 2)
			if reflect.DeepEqual(end.Arrays["architecture"], plain) {
				t.Error("alphas and betas move as they do without the term")
			}
			again := begin(t, set, s)
			if err := again.Restore(first); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(epochs(t, again, 1, 2), end) {
				t.Error("restored, it ends in other bits")
			}
		})
	}
}
