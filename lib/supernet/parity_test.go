package supernet

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
)

// All parity tests of the package use one engine, because their networks share executables.
var (
	engine     *block.Engine
	makeEngine sync.Once
)

func open(t *testing.T) *block.Engine {
	makeEngine.Do(func() { engine = block.NewEngine(backendtest.Open(t).Backend) })
	return engine
}

// searchNetwork is a search network with PyTorch's numbers.
type searchNetwork struct {
	*Network
	arch   *Arch
	mix    *Mixing
	params []*block.Param
	labels *block.Block
}

func newSearchNetwork(t *testing.T, torch map[string]golden.Array, w backbone.Backbone, span Span, space Space) *searchNetwork {
	n := drawnSearchNetwork(w, span, space)
	n.arch.SetFlat(parity.Architecture(torch, "weight/", w.Partial > 1))
	n.arch.Update(n.mix)
	parity.Load(t, n.params, torch, parity.Path)
	if weights, _ := n.plan().Count(); weights != torchWeights(torch) {
		t.Errorf("the network has %d weights, torch's %d", weights, torchWeights(torch))
	}
	return n
}

// drawnSearchNetwork is a search network with random weights, alphas and betas.
func drawnSearchNetwork(w backbone.Backbone, span Span, space Space) *searchNetwork {
	n := &searchNetwork{Network: &Network{Backbone: w, Space: space, Span: span}}
	n.arch = NewArch(n.Space, w.Partial > 1, 1)
	n.mix = n.arch.NewMixing()
	n.labels = fit.CrossEntropy(w.Classes, w.Batch)
	n.params = n.plan().Params(1)
	return n
}

func (n *searchNetwork) plan() *block.Plan {
	return block.NewPlan(func(r block.Runner) { n.pass(r, &block.Value{}, &block.Value{}) })
}

// torchWeights counts PyTorch's weights without alphas and betas.
func torchWeights(torch map[string]golden.Array) (n int) {
	for _, a := range golden.Under(torch, "weight/") {
		n += len(a.Data)
	}
	n -= len(parity.Architecture(torch, "weight/", true))
	return n
}

func (n *searchNetwork) pass(r block.Runner, x, labels *block.Value) (logits, loss *block.Value) {
	logits = n.Run(r, x, n.mix).Logits
	return logits, r.Call("", n.labels, []*block.Value{logits, labels}, nil)[0]
}

var (
	pcDARTS = backbone.Backbone{Cells: 3, Channels: 16, Classes: 10, ImageChannels: 3, ImageSide: 16, Batch: 4, Partial: 4}
	darts   = backbone.Backbone{Cells: 3, Channels: 2, Classes: 10, ImageChannels: 1, ImageSide: 12, Batch: 4, Partial: 1}
	small   = backbone.Backbone{Cells: 3, Channels: 4, Classes: 10, ImageChannels: 1, ImageSide: 12, Batch: 4, Partial: 2}
)

// TestSearchNetworkIsTorchs compares a whole search network with PyTorch: logits, loss, and the
// gradients of all weights, alphas and betas.
func TestSearchNetworkIsTorchs(t *testing.T) {
	for _, c := range []struct {
		name, file string
		backbone   backbone.Backbone
		span       Span
		back       block.Backward
		space      Space
	}{
		// The cases, the mixed operations and the cells together cover the four combinations of
		// partial channels and span.
		{"partial channels, an executable an edge", "supernet", pcDARTS, Edges, block.Separate, FullSpace()},
		{"DARTS, an executable an operation", "darts", darts, Operations, block.Joint, FullSpace()},
		{"three states and three operations", "spaces", small, Edges, block.Separate, UniformSpace(cell.Space{Operations: []string{"none", "skip_connect", "sep_conv_3x3"}, States: 3})},
	} {
		t.Run(c.name, func(t *testing.T) {
			torch := golden.Read(t, c.file)
			if c.file == "spaces" {
				torch = golden.Under(torch, "network/")
			}
			n := newSearchNetwork(t, torch, c.backbone, c.span, c.space)
			partial := c.backbone.Partial > 1
			var logits, loss *block.Value
			parity.Train(t, open(t), n.params, c.back, func(r block.Runner) *block.Value {
				logits, loss = n.pass(r, parity.Image(torch["x"]), parity.Labels(torch["labels"]))
				return loss
			}, func() {
				golden.Close(t, "logits", logits.Floats(), parity.BatchLast(torch["logits"]).Data, parity.Tolerance)
				golden.Close(t, "loss", loss.Floats(), torch["loss"].Data, parity.Tolerance)
			})
			parity.Gradients(t, n.params, torch, parity.Path)
			parity.CloseArchitecture(t, "gradient of", n.arch.Gradient(n.mix), torch, "gradient/", partial)
		})
	}
}

// TestMixedOperationIsTorchs compares one edge with PyTorch, with 1/K of the channels and with all
// channels in the operations. Nodes are stored unshuffled here and shuffled when read; PyTorch
// shuffles the output of an edge.
func TestMixedOperationIsTorchs(t *testing.T) {
	all := golden.Read(t, "mixed")
	// K = 8 divides 16 channels, but not the 2 channels in the operations
	maps.Copy(all, golden.Read(t, "spaces"))
	for _, c := range []struct{ k, channels, stride int }{{4, 16, 1}, {4, 16, 2}, {1, 4, 1}, {1, 4, 2}, {8, 16, 1}, {8, 16, 2}} {
		t.Run(fmt.Sprintf("k%d/stride%d", c.k, c.stride), func(t *testing.T) {
			torch := golden.Under(all, fmt.Sprintf("k%d_stride%d/", c.k, c.stride))
			x := edge{kept: FullSpace()[0][0], channels: c.channels, side: 8, stride: c.stride, partial: c.k, batch: 2}
			node := halves(unshuffle(parity.BatchLast(torch["x"]), c.k), c.k)
			cotangents := halfArrays(unshuffle(parity.BatchLast(torch["v"]), c.k), c.k)
			mix := make([]*block.Value, len(x.kept))
			for i, p := range torch["mix"].Data {
				if x.kept[i] != "none" {
					mix[i] = parity.Value(golden.Array{Shape: []int{1}, Data: []float32{p}})
				}
			}
			var bypass *block.Value
			if c.k > 1 {
				bypass = parity.Value(golden.Array{Shape: []int{1}, Data: []float32{1}})
			}
			b := x.fuse(x.String())
			call := func(r block.Runner) []*block.Value {
				return r.Call("edge", b, x.inputs(node, weights{ops: mix, bypass: bypass}), nil)
			}
			params := block.NewPlan(func(r block.Runner) { call(r) }).Params(1)
			here := func(string) string { return "" }
			parity.Load(t, params, torch, here)
			var y []*block.Value
			parity.Train(t, open(t), params, block.Separate, func(r block.Runner) *block.Value {
				y = call(r)
				return parity.Against(r, y, cotangents)
			}, func() {
				golden.Close(t, "y", joined(y, (*block.Value).Floats, c.channels, c.k).Data, parity.BatchLast(torch["y"]).Data, parity.Tolerance)
			})
			golden.Close(t, "gradient of x", joined(node, (*block.Value).Gradient, c.channels, c.k).Data, parity.BatchLast(torch["gradient/x"]).Data, parity.Tolerance)
			var got []float32 // PyTorch's gradient for none is 0
			for i := range mix {
				if mix[i] == nil {
					got = append(got, 0)
					continue
				}
				got = append(got, mix[i].Gradient()...)
			}
			golden.Close(t, "gradient of the mixing weights", got, torch["gradient/mix"].Data, parity.Tolerance)
			parity.Gradients(t, params, torch, here)
		})
	}
}

// unshuffle is the inverse of torch's channel_shuffle(x, k), on the first axis.
func unshuffle(a golden.Array, k int) golden.Array { return regroup(a, a.Shape[0]/k, k) }

// regroup views the first axis as [rows, columns] and transposes it.
func regroup(a golden.Array, rows, columns int) golden.Array {
	rest := len(a.Data) / (rows * columns)
	b := golden.Array{Shape: []int{rows, columns, rest}, Data: a.Data}.Transpose(1, 0, 2)
	b.Shape = a.Shape
	return b
}

// halfArrays cuts the first axis into the 1/k in the operations, and the rest.
func halfArrays(a golden.Array, k int) []golden.Array {
	if k == 1 {
		return []golden.Array{a}
	}
	c := a.Shape[0]
	at := len(a.Data) / k
	shape := func(c int) []int { return append([]int{c}, a.Shape[1:]...) }
	return []golden.Array{{Shape: shape(c / k), Data: a.Data[:at]}, {Shape: shape(c - c/k), Data: a.Data[at:]}}
}

func halves(a golden.Array, k int) backbone.State {
	var s backbone.State
	for _, h := range halfArrays(a, k) {
		s = append(s, parity.Value(h))
	}
	return s
}

// joined joins the results of get for a node's values, in PyTorch's order of channels.
func joined(s backbone.State, get func(*block.Value) []float32, channels, k int) golden.Array {
	var all []float32
	for _, v := range s {
		all = append(all, get(v)...)
	}
	return regroup(golden.Array{Shape: []int{channels}, Data: all}, k, channels/k)
}

// TestCellIsTorchs compares two cells with PyTorch: a normal cell after a reduction, whose first
// input is twice as large, and a reduction cell. It compares outputs and the gradients of inputs,
// weights, alphas and betas.
func TestCellIsTorchs(t *testing.T) {
	all := golden.Read(t, "cells")
	for _, c := range []struct {
		name      string
		reduction bool
	}{{"normal_after_reduction", false}, {"reduction", true}} {
		t.Run(c.name, func(t *testing.T) {
			torch := golden.Under(all, c.name+"/")
			n := &Network{Backbone: backbone.Backbone{Batch: 2, Partial: 4}, Space: FullSpace(), Span: Operations}
			p := backbone.Place{Reduction: c.reduction, Channels: 16, In: 8, Out: 8}
			if c.reduction {
				p.Out = 4
			}
			arch := NewArch(n.Space, true, 1)
			for e := range cell.Edges {
				copy(arch.Alpha[p.Type()][e], torch["alphas"].Data[8*e:])
			}
			copy(arch.Beta[p.Type()][:], torch["betas"].Data)
			mix := arch.NewMixing()
			var in [2]backbone.Feature
			for i, name := range []string{"s0", "s1"} {
				shape := torch[name].Shape
				in[i] = backbone.Feature{States: []backbone.State{{parity.Image(torch[name])}}, Channels: shape[1], Side: shape[2]}
			}
			run := func(r block.Runner) backbone.Feature { return n.Cell(r, p, in[0], in[1], cell.Complete(), n.Edge(mix)) }
			params := block.NewPlan(func(r block.Runner) { run(r) }).Params(1)
			path := func(label string) string { return strings.TrimPrefix(parity.Path(label), "cells.0.") }
			parity.Load(t, params, torch, path)
			var y []*block.Value
			var v []golden.Array
			parity.Train(t, open(t), params, block.Joint, func(r block.Runner) *block.Value {
				all := parity.BatchLast(torch["v"])
				size := len(all.Data) / cell.States
				for i, state := range run(r).States {
					y = append(y, state...)
					own := golden.Array{Shape: append([]int{p.Channels}, all.Shape[1:]...), Data: all.Data[i*size : (i+1)*size]}
					v = append(v, halfArrays(unshuffle(own, 4), 4)...)
				}
				return parity.Against(r, y, v)
			}, func() {
				var got []float32
				for i := 0; i < len(y); i += 2 {
					got = append(got, joined(y[i:i+2], (*block.Value).Floats, p.Channels, 4).Data...)
				}
				golden.Close(t, "y", got, parity.BatchLast(torch["y"]).Data, parity.Tolerance)
			})
			for i, name := range []string{"s0", "s1"} {
				golden.Close(t, "gradient of "+name, in[i].States[0][0].Gradient(), parity.BatchLast(torch["gradient/"+name]).Data, parity.Tolerance)
			}
			parity.Gradients(t, params, torch, path)
			alphas := 8 * cell.Edges
			gradient := arch.Gradient(mix)
			golden.Close(t, "gradient of alphas", gradient[p.Type()*alphas:][:alphas], torch["gradient/alphas"].Data, parity.Tolerance)
			golden.Close(t, "gradient of betas", gradient[2*alphas+p.Type()*cell.Edges:][:cell.Edges], torch["gradient/betas"].Data, parity.Tolerance)
		})
	}
}

// TestSizesAreTorchs compares the weights and multiply-accumulates of search networks with
// PyTorch's.
func TestSizesAreTorchs(t *testing.T) {
	for _, c := range golden.Counts(t) {
		if c.Supernet == "" {
			continue
		}
		n := &Network{Space: FullSpace(), Backbone: backbone.Backbone{
			Cells: c.Cells, Channels: c.Channels, Classes: c.Classes, ImageChannels: c.Inputs, ImageSide: c.Size, Batch: 1, Partial: c.K,
		}}
		mix := NewArch(n.Space, c.K > 1, 1).NewMixing()
		weights, macs := block.NewPlan(func(r block.Runner) { n.Run(r, &block.Value{}, mix) }).Count()
		if weights != c.Weights || macs != c.MACs {
			t.Errorf("%s, %d cells: %d weights, %d multiply-accumulates; PyTorch has %d, %d", c.Supernet, c.Cells, weights, macs, c.Weights, c.MACs)
		}
	}
}
