package network

import (
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestFoundNetworkIsTorchs compares networks with auxiliary tower and drop path with PyTorch:
// logits, both losses, the gradients of all weights, running statistics after the step, and the
// logits in evaluation.
func TestFoundNetworkIsTorchs(t *testing.T) {
	all := golden.Read(t, "networks")
	for _, c := range []struct {
		genotype                   string
		cells, imageChannels, size int
	}{
		{"PC_DARTS_cifar", 4, 3, 32},
		{"DARTS_V2", 3, 1, 28},
	} {
		t.Run(c.genotype, func(t *testing.T) {
			torch := golden.Under(all, c.genotype+"/")
			e := block.NewEngine(backendtest.Open(t).Backend)
			genotype, ok := cell.Published(c.genotype)
			if !ok {
				t.Fatalf("%s is not published", c.genotype)
			}
			batch := len(torch["labels"].Data)
			net := New(genotype, c.cells, 4, 10, c.imageChannels, c.size, batch, true)
			net.Auxiliary = [2]int{8, 16}
			x, labels, masks := parity.Image(torch["x"]), parity.Labels(torch["labels"]), torchMasks(net, torch)
			params := block.NewPlan(func(r block.Runner) { net.Run(r, x, masks) }).Params(1)
			parity.Load(t, params, torch, parity.Path)
			trained(t, e, net, params, torch, x, labels, masks)
			evaluated(t, e, net, params, torch, x)
		})
	}
}

// TestTheStemForImageNetIsTorchs compares a network with three convolutions of stride 2 before its
// cells with PyTorch: logits, gradients, running statistics and logits in evaluation.
func TestTheStemForImageNetIsTorchs(t *testing.T) {
	torch := golden.Read(t, "imagenet")
	e := block.NewEngine(backendtest.Open(t).Backend)
	genotype, _ := cell.Published("PC_DARTS_image")
	net := New(genotype, 3, 4, 10, 1, 64, len(torch["labels"].Data), false).With(backbone.StemImageNet)
	x, labels := parity.Image(torch["x"]), parity.Labels(torch["labels"])
	params := block.NewPlan(func(r block.Runner) { net.Run(r, x, nil) }).Params(1)
	parity.Load(t, params, torch, parity.Path)
	tape := block.NewTape(e, params, block.Train, block.Joint)
	defer tape.Close()
	out := net.Run(tape, x, nil)
	loss := tape.Call("", fit.CrossEntropy(10, net.Batch), []*block.Value{out.Logits, labels}, nil)[0]
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	golden.Close(t, "logits", out.Logits.Floats(), parity.BatchLast(torch["logits"]).Data, parity.Tolerance)
	golden.Close(t, "loss", loss.Floats(), torch["loss"].Data, parity.Tolerance)
	tape.Seed(loss, 1)
	if err := tape.Backward(true); err != nil {
		t.Fatal(err)
	}
	parity.Gradients(t, params, torch, parity.Path)
	parity.Running(t, params, torch, parity.Path)
	evaluated(t, e, net, params, torch, x)
}

// torchMasks returns PyTorch's masks, divided by the probability of keeping a path.
func torchMasks(n *Network, torch map[string]golden.Array) Masks {
	keep := torch["keep"].Data[0]
	masks := Masks{}
	for _, path := range n.Paths() {
		of := make([]float32, n.Batch)
		for j := range of {
			of[j] = torch["masks"].Data[(path.Cell*8+path.Gene)*n.Batch+j] / keep
		}
		masks[path] = block.NewValue(tensors.FromFlatDataAndDimensions(of, n.Batch))
	}
	return masks
}

func trained(t *testing.T, e *block.Engine, net *Network, params []*block.Param, torch map[string]golden.Array, x, labels *block.Value, masks Masks) {
	t.Helper()
	loss := fit.CrossEntropy(10, net.Batch)
	tape := block.NewTape(e, params, block.Train, block.Joint)
	defer tape.Close()
	out := net.Run(tape, x, masks)
	main := tape.Call("", loss, []*block.Value{out.Logits, labels}, nil)[0]
	auxiliary := tape.Call("", loss, []*block.Value{out.Auxiliary, labels}, nil)[0]
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	golden.Close(t, "logits", out.Logits.Floats(), parity.BatchLast(torch["logits"]).Data, parity.Tolerance)
	golden.Close(t, "auxiliary logits", out.Auxiliary.Floats(), parity.BatchLast(torch["auxiliary_logits"]).Data, parity.Tolerance)
	golden.Close(t, "loss", main.Floats(), torch["loss"].Data, parity.Tolerance)
	golden.Close(t, "auxiliary loss", auxiliary.Floats(), torch["auxiliary_loss"].Data, parity.Tolerance)
	tape.Seed(main, 1)
	tape.Seed(auxiliary, 0.4)
	if err := tape.Backward(true); err != nil {
		t.Fatal(err)
	}
	parity.Gradients(t, params, torch, parity.Path)
	parity.Running(t, params, torch, parity.Path)
}

// evaluated runs the network in evaluation: running statistics, all paths, no tower.
func evaluated(t *testing.T, e *block.Engine, net *Network, params []*block.Param, torch map[string]golden.Array, x *block.Value) {
	t.Helper()
	bare := *net
	bare.Auxiliary = [2]int{}
	var own []*block.Param
	for _, p := range params {
		if p.Label != "auxiliary" {
			own = append(own, p)
		}
	}
	tape := block.NewTape(e, own, block.Evaluate, block.None)
	defer tape.Close()
	logits := bare.Run(tape, x, nil).Logits.Hold()
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	golden.Close(t, "logits in evaluation", logits.Floats(), parity.BatchLast(torch["logits_eval"]).Data, parity.Tolerance)
}

// TestSizesAreTorchs compares the weights and multiply-accumulates of published networks with
// PyTorch's.
func TestSizesAreTorchs(t *testing.T) {
	for _, c := range golden.Counts(t) {
		if c.Genotype == "" {
			continue
		}
		g, ok := cell.Published(c.Genotype)
		if !ok {
			t.Fatalf("%s is not published", c.Genotype)
		}
		weights, macs := New(g, c.Cells, c.Channels, c.Classes, c.Inputs, c.Size, 1, false).With(c.Stem).Count()
		withAuxiliary, _ := New(g, c.Cells, c.Channels, c.Classes, c.Inputs, c.Size, 1, true).With(c.Stem).Count()
		if weights != c.Weights || withAuxiliary != c.WeightsWithAuxiliary || macs != c.MACs {
			t.Errorf("%s, %d classes, %dx%d: %d weights (%d with the auxiliary tower), %d multiply-accumulates; PyTorch has %d (%d), %d",
				c.Genotype, c.Classes, c.Size, c.Size, weights, withAuxiliary, macs, c.Weights, c.WeightsWithAuxiliary, c.MACs)
		}
	}
}
