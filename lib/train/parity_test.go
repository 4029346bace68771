package train

import (
	"math"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/task"
	"github.com/gomlx/gomlx/core/tensors"
)

// torchMasks returns PyTorch's masks, divided by the probability of keeping a path.
func torchMasks(n *network.Network, torch map[string]golden.Array) network.Masks {
	keep := torch["keep"].Data[0]
	masks := network.Masks{}
	for _, path := range n.Paths() {
		of := make([]float32, n.Batch)
		for j := range of {
			of[j] = torch["masks"].Data[(path.Cell*8+path.Gene)*n.Batch+j] / keep
		}
		masks[path] = block.NewValue(tensors.FromFlatDataAndDimensions(of, n.Batch))
	}
	return masks
}

// TestTrainingStepIsTorchs compares one step of a training with the formula of SGD on PyTorch's
// losses and gradients: w - lr * (clipped gradient + decay * w). A first step has no momentum. The
// clip is below the gradient's norm.
func TestTrainingStepIsTorchs(t *testing.T) {
	torch := golden.Under(golden.Read(t, "networks"), "DARTS_V2/")
	genotype, _ := cell.Published("DARTS_V2")
	batch := len(torch["labels"].Data)
	net := network.New(genotype, 3, 4, 10, 1, 28, batch, true)
	net.Auxiliary = [2]int{8, 16}
	const lr, decay, clip = 0.5, 0.1, 1.5
	s := assemble(task.Base{Engine: block.NewEngine(backendtest.Open(t).Backend)}, net, settings.Train{Shared: settings.Shared{Batch: batch, Momentum: 0.9, WeightDecay: decay}, Auxiliary: 0.4, Clip: clip})
	defer s.Tape.Close()
	parity.Load(t, s.Params, torch, parity.Path)
	read, err := s.step(parity.Image(torch["x"]), parity.Labels(torch["labels"]), torchMasks(net, torch), lr)
	if err != nil {
		t.Fatal(err)
	}
	m := read()
	norm := 0.0
	for _, g := range golden.Under(torch, "gradient/") {
		for _, x := range g.Data {
			norm += float64(x) * float64(x)
		}
	}
	norm = math.Sqrt(norm)
	if norm <= clip {
		t.Fatalf("the gradient's norm is %g: with a clip at %g the test shows nothing", norm, clip)
	}
	after := map[string]golden.Array{}
	for name, w := range golden.Under(torch, "weight/") {
		next := make([]float32, len(w.Data))
		for i, x := range w.Data {
			next[i] = x - lr*(clip/float32(norm)*torch["gradient/"+name].Data[i]+decay*x)
		}
		after["weight/"+name] = golden.Array{Shape: w.Shape, Data: next}
	}
	parity.Weights(t, s.Params, after, parity.Path)
	parity.Running(t, s.Params, torch, parity.Path)
	golden.Close(t, "losses and gradient norm", []float32{float32(m["train_loss"]), float32(m["auxiliary_loss"]), float32(m["grad_norm"])},
		[]float32{torch["loss"].Data[0], torch["auxiliary_loss"].Data[0], float32(norm)}, parity.Tolerance)
}

// TestATrainingStepInHalfPrecision is close to that of float32: the same losses, and a gradient of
// the same size.
func TestATrainingStepInHalfPrecision(t *testing.T) {
	torch := golden.Under(golden.Read(t, "networks"), "DARTS_V2/")
	genotype, _ := cell.Published("DARTS_V2")
	step := func(l block.Lowering) event.Metrics {
		e := block.NewEngine(backendtest.Open(t).Backend)
		e.Lowering = l
		net := network.New(genotype, 3, 4, 10, 1, 28, len(torch["labels"].Data), true)
		net.Auxiliary = [2]int{8, 16}
		s := assemble(task.Base{Engine: e}, net, settings.Train{Shared: settings.Shared{Batch: net.Batch, Momentum: 0.9}, Auxiliary: 0.4, Clip: 5})
		defer s.Tape.Close()
		parity.Load(t, s.Params, torch, parity.Path)
		m, err := s.step(parity.Keep(l, parity.BatchLast(torch["x"])), parity.Labels(torch["labels"]), torchMasks(net, torch), 0.1)
		if err != nil {
			t.Fatal(err)
		}
		return m()
	}
	want, got := step(block.Lowering{}), step(block.Lowering{Layout: block.NHWC, Precision: block.BFloat16})
	for _, name := range []string{"train_loss", "auxiliary_loss", "grad_norm"} {
		golden.Close(t, name, []float32{float32(got[name])}, []float32{float32(want[name])}, 0.05)
	}
}
