package search

import (
	"fmt"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/task"
)

// TestBilevelStepsAreTorchs compares three first-order bilevel steps of PC-DARTS with PyTorch. Adam
// moves alphas and betas on one batch; then clipped SGD with momentum moves the weights on another,
// with the new alphas. The test compares losses, gradient norms, alphas and betas after each step,
// and all weights at the end.
func TestBilevelStepsAreTorchs(t *testing.T) {
	torch, start := golden.Read(t, "bilevel"), golden.Read(t, "supernet")
	s := assemble(task.Base{Engine: block.NewEngine(backendtest.Open(t).Backend)},
		backbone.Backbone{Classes: 10, ImageChannels: 3, ImageSide: 16, Batch: 4, Partial: 4},
		settings.Search{Shared: settings.Shared{Cells: 3, Channels: 16, Batch: 4, Epochs: 1, Momentum: 0.9, WeightDecay: 3e-2}, Partial: 4, Clip: float64(torch["clip"].Data[0]), ArchLR: 6e-4, ArchWeightDecay: 1e-3})
	defer s.Tape.Close()
	parity.Load(t, s.Params, start, parity.Path)
	before := parity.Architecture(start, "weight/", true)
	s.arch.SetFlat(before)
	s.arch.Update(s.mixing)

	losses, norms := map[string][]float32{}, map[string][]float32{}
	for step := range 3 {
		for _, half := range []struct {
			name string
			step func(x []*block.Value, y *block.Value) (later, error)
		}{
			{"valid", s.architectureStep},
			{"train", func(x []*block.Value, y *block.Value) (later, error) { return s.weightsStep(x, y, 0.1) }},
		} {
			read, err := half.step([]*block.Value{parity.Image(item(torch[half.name+"/x"], step))}, parity.Labels(item(torch[half.name+"/labels"], step)))
			if err != nil {
				t.Fatal(err)
			}
			r := read()
			losses[half.name] = append(losses[half.name], float32(r.loss))
			norms[half.name] = append(norms[half.name], float32(r.norm))
		}
		parity.CloseArchitecture(t, fmt.Sprintf("after step %d,", step), s.arch.Flat(), torch, fmt.Sprintf("step%d/", step), true)
	}
	for name := range losses {
		golden.Close(t, name+" losses", losses[name], torch[name+"/loss"].Data, parity.Tolerance)
		golden.Close(t, name+" gradient norms", norms[name], torch[name+"/gradient_norm"].Data, parity.Tolerance)
	}
	end := golden.Under(torch, "final/")
	parity.Weights(t, s.Params, end, parity.Path)
	// alphas and betas change by about 1e-3 only, so their changes are compared as well
	golden.Close(t, "the way of alphas and betas", moved(before, s.arch.Flat()), moved(before, parity.Architecture(end, "weight/", true)), 1e-3)
}

func moved(before, after []float32) (way []float32) {
	for i := range after {
		way = append(way, after[i]-before[i])
	}
	return way
}

// item returns a[i].
func item(a golden.Array, i int) golden.Array {
	size := len(a.Data) / a.Shape[0]
	return golden.Array{Shape: a.Shape[1:], Data: a.Data[i*size : (i+1)*size]}
}
