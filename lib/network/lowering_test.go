package network

import (
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
)

// TestAFoundNetworkIsTorchsInTheOtherLayout compares a network in the layout of GPUs with PyTorch:
// logits, losses, gradients and running statistics of a training step with tower and drop path, and
// the logits in evaluation.
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
