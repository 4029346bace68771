package backbone

import (
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
)

// TestPartsAreTorchs compares the blocks around the edges, stem and preprocessing of a cell's
// inputs: forward and backward passes and, with affine norms, running statistics and evaluation.
func TestPartsAreTorchs(t *testing.T) {
	all := golden.Read(t, "ops")
	e := block.NewEngine(backendtest.Open(t).Backend)
	wide := func(side int) Feature {
		return Feature{States: []State{block.Sums(1)}, Channels: 12, Side: side}
	}
	search := Backbone{ImageChannels: 3, ImageSide: 8, Batch: 2, Partial: 1}
	found := search
	found.Affine = true
	for _, c := range []struct {
		name string
		b    *block.Block
	}{
		{"stem", found.stem(6)},
		{"relu_conv_bn", search.preprocess(wide(8), Place{Channels: 6, In: 8})},
		{"relu_conv_bn_affine", found.preprocess(wide(8), Place{Channels: 6, In: 8})},
		{"factorized_reduce", search.preprocess(wide(8), Place{Channels: 6, In: 4})},
	} {
		t.Run(c.name, func(t *testing.T) {
			torch := golden.Under(all, c.name+"/")
			here := func(string) string { return "" }
			x := parity.Image(torch["x"])
			call := func(r block.Runner) []*block.Value { return r.Call("part", c.b, []*block.Value{x}, nil) }
			params := block.NewPlan(func(r block.Runner) { call(r) }).Params(1)
			parity.Load(t, params, torch, here)
			var y []*block.Value
			parity.Train(t, e, params, block.Joint, func(r block.Runner) *block.Value {
				y = call(r)
				return parity.Against(r, y, []golden.Array{parity.BatchLast(torch["v"])})
			}, func() { golden.Close(t, "y", y[0].Floats(), parity.BatchLast(torch["y"]).Data, parity.Tolerance) })
			parity.Gradients(t, params, torch, here)
			if c.b.Const == 0 { // images need no gradient
				golden.Close(t, "gradient of x", x.Gradient(), parity.BatchLast(torch["gradient/x"]).Data, parity.Tolerance)
			}
			if _, affine := torch["y_eval"]; !affine {
				return
			}
			parity.Running(t, params, torch, here)
			tape := block.NewTape(e, params, block.Evaluate, block.None)
			defer tape.Close()
			z := call(tape)[0].Hold()
			if err := tape.Run(); err != nil {
				t.Fatal(err)
			}
			golden.Close(t, "y in evaluation", z.Floats(), parity.BatchLast(torch["y_eval"]).Data, parity.Tolerance)
		})
	}
}
