package ops_test

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/block/blocktest"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/ops"
)

//go:embed testdata/capsules.json
var capsules []byte

// withoutKernels returns an engine without custom kernels, as on a GPU.
func withoutKernels(t *testing.T) *block.Engine { return lowered(t, block.Lowering{Plain: true}) }

// The expected values come from a NumPy program that loops over capsules (testdata/capsules.py).
func TestCapsulesRouteAsInThePapers(t *testing.T) {
	var cases []struct {
		Name                   string
		Channels, Side, Stride int
		X, Weights, Y          []float32
	}
	if err := json.Unmarshal(capsules, &cases); err != nil {
		t.Fatal(err)
	}
	for how, e := range map[string]*block.Engine{"kernels": lowered(t, block.Lowering{}), "plain": withoutKernels(t), "NHWC": lowered(t, block.Lowering{Layout: block.NHWC})} {
		for _, c := range cases {
			o := ops.Operation{Name: c.Name, Channels: c.Channels, Size: c.Side, Stride: c.Stride}
			t.Run(fmt.Sprintf("%s/%s", o, how), func(t *testing.T) {
				x := parity.Keep(e.Lowering, golden.Array{Shape: []int{c.Channels, c.Side, c.Side, 2}, Data: c.X})
				in := []*block.Value{x, parity.Value(golden.Array{Shape: []int{1}, Data: []float32{1}})}
				params := block.NewPlan(func(r block.Runner) { r.Call("op", o.Mixed(2), in, nil) }).Params(1)
				if n := params[0].Value.Tensor().Size(); n != len(c.Weights) {
					t.Fatalf("%d weights, want %d", n, len(c.Weights))
				}
				params[0].Update(func(w, _ []float32) { copy(w, c.Weights) })
				tape := block.NewTape(e, params, block.Train, block.None)
				defer tape.Close()
				y := tape.Call("op", o.Mixed(2), in, nil)[0].Hold()
				if err := tape.Run(); err != nil {
					t.Fatal(err)
				}
				golden.Close(t, "y", parity.Declared(e.Lowering, y.Floats(), y), c.Y, 1e-5)
			})
		}
	}
}

func TestGradientsOfCapsulesAreSlopes(t *testing.T) {
	kernels, plain := block.NewEngine(backendtest.Open(t).Backend), withoutKernels(t)
	for _, c := range []struct {
		e *block.Engine
		ops.Operation
	}{
		{kernels, ops.Operation{Name: "capsule_dynamic", Channels: 6, Stride: 1}}, {kernels, ops.Operation{Name: "capsule_dynamic_3", Channels: 18, Stride: 2}},
		{kernels, ops.Operation{Name: "capsule_em", Channels: 18, Stride: 1}}, {kernels, ops.Operation{Name: "capsule_self", Channels: 18, Stride: 2}},
		{kernels, ops.Operation{Name: "capsule_em_3", Channels: 6, Stride: 1, Affine: true}},
		{plain, ops.Operation{Name: "capsule_dynamic", Channels: 6, Stride: 1}}, {plain, ops.Operation{Name: "capsule_em", Channels: 6, Stride: 2}},
		{plain, ops.Operation{Name: "capsule_self", Channels: 6, Stride: 1}},
	} {
		c.Size = 4
		t.Run(fmt.Sprintf("%s/plain %v", c.Operation, c.e == plain), func(t *testing.T) {
			if c.Affine {
				blocktest.Gradients(t, c.e, c.Chosen(2, false))
			} else {
				blocktest.Gradients(t, c.e, c.Mixed(2))
			}
		})
	}
}

// By hand, for 18 channels: two groups of three capsules of three dimensions. Each position needs 9
// x 18 multiply-adds for the depthwise convolution, 18 x 18 for the pointwise one, and three votes
// of 3 x 3 for each of six capsules.
func TestCapsulesCostExactlyTheirWeightsAndProducts(t *testing.T) {
	const n, votes = 8 * 8, 6 * 3 * 3
	convolution, transform := 9*18+18*18, votes*3
	for name, want := range map[string][2]int{
		"capsule_dynamic_1": {convolution + transform, n * (convolution + transform + votes)},
		"capsule_dynamic":   {convolution + transform, n * (convolution + transform + 3*votes)},
		"capsule_dynamic_3": {convolution + transform, n * (convolution + transform + 5*votes)},
		"capsule_em_1":      {convolution + transform + 12, n * (convolution + transform + 2*votes)},
		"capsule_em":        {convolution + transform + 12, n * (convolution + transform + 5*votes)},
		"capsule_em_3":      {convolution + transform + 12, n * (convolution + transform + 8*votes)},
		"capsule_self":      {convolution + transform + votes, n * (convolution + transform + votes + votes)},
	} {
		o := ops.Operation{Name: name, Channels: 18, Size: 8, Stride: 1}
		weights, macs := o.Cost()
		if weights != want[0] || macs != want[1] {
			t.Errorf("%s: %d weights and %d MACs, want %v", name, weights, macs, want)
		}
		in := []*block.Value{{}, {}}
		if w, m := block.NewPlan(func(r block.Runner) { r.Call("op", o.Mixed(4), in, nil) }).Count(); w != weights || m != macs {
			t.Errorf("%s: a plan counts %d weights and %d MACs, want %d and %d", name, w, m, weights, macs)
		}
	}
}
