package network

import (
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// TestAFoundNetworkIsTorchsInTheOtherLayout: logits, losses, gradients and running statistics of a
// training step with tower and drop path, and the scores in evaluation, in the layout that GPUs
// have.
func TestAFoundNetworkIsTorchsInTheOtherLayout(t *testing.T) {
	torch := golden.Under(golden.Read(t, "networks"), "DARTS_V2/")
	genotype, _ := cell.Published("DARTS_V2")
	e := block.NewEngine(backendtest.Open(t).Backend)
	e.Lowering.Layout = block.NHWC
	net := New(genotype, 3, 4, 10, 1, 28, len(torch["labels"].Data), true)
	net.Auxiliary = [2]int{8, 16}
	x, masks := parity.Keep(e.Lowering, parity.BatchLast(torch["x"])), torchMasks(net, torch)
	params := block.NewPlan(func(r block.Runner) { net.Run(r, x, masks) }).Params(1)
	parity.Load(t, params, torch, parity.Path)
	trained(t, e, net, params, torch, x, parity.Labels(torch["labels"]), masks)
	evaluated(t, e, net, params, torch, x)
}

// TestATrainingStepInHalfPrecision is nearly that of float32: the same losses, and a gradient of
// the same size.
func TestATrainingStepInHalfPrecision(t *testing.T) {
	torch := golden.Under(golden.Read(t, "networks"), "DARTS_V2/")
	genotype, _ := cell.Published("DARTS_V2")
	step := func(l block.Lowering) fit.Metrics {
		e := block.NewEngine(backendtest.Open(t).Backend)
		e.Lowering = l
		net := New(genotype, 3, 4, 10, 1, 28, len(torch["labels"].Data), true)
		net.Auxiliary = [2]int{8, 16}
		s := assemble(e, net, settings.Train{Shared: settings.Shared{Batch: net.Batch, Momentum: 0.9}, Auxiliary: 0.4, Clip: 5})
		defer s.tape.Close()
		parity.Load(t, s.params, torch, parity.Path)
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
