package ops_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/ops"
)

// here is the empty path of an operation: PyTorch's names start with it.
func here(string) string { return "" }

// TestSearchOperationsAreTorchs compares each operation of a search network with PyTorch, at
// strides 1 and 2 with mixing weight 1/2: output and gradients of input, weights and mixing weight.
// The backward pass runs as one executable and as two.
func TestSearchOperationsAreTorchs(t *testing.T) {
	e := block.NewEngine(backendtest.Open(t).Backend)
	torch := golden.Read(t, "ops")
	for _, name := range cell.Primitives[1:] {
		for _, stride := range []int{1, 2} {
			o := ops.Operation{Name: name, Channels: 6, Size: 8, Stride: stride}
			for back, how := range map[block.Backward]string{block.Joint: "joint", block.Separate: "separate"} {
				t.Run(fmt.Sprintf("%s/stride%d/%s", name, stride, how), func(t *testing.T) {
					want := golden.Under(torch, fmt.Sprintf("%s_stride%d/", name, stride))
					b := o.Mixed(2)
					x, mix := parity.Image(want["x"]), parity.Value(golden.Array{Shape: []int{1}, Data: []float32{0.5}})
					check(t, e, b, back, want, 0.5, x, mix)
					// y is linear in the mixing weight, so its gradient is sum(v*y)/weight
					sum := 0.0
					for i, y := range want["y"].Data {
						sum += float64(y) * float64(want["v"].Data[i])
					}
					golden.Close(t, "gradient of the mixing weight", mix.Gradient(), []float32{float32(sum)}, parity.Tolerance)
				})
			}
		}
	}
}

// check runs b forward and backward. It compares the output and the gradients of x and the weights
// with scale times PyTorch's. It returns the parameters after the step.
func check(t *testing.T, e *block.Engine, b *block.Block, back block.Backward, want map[string]golden.Array, scale float32, in ...*block.Value) []*block.Param {
	t.Helper()
	call := func(r block.Runner) []*block.Value { return r.Call("op", b, in, nil) }
	params := block.NewPlan(func(r block.Runner) { call(r) }).Params(1)
	parity.Load(t, params, want, here)
	var y []*block.Value
	parity.Train(t, e, params, back, func(r block.Runner) *block.Value {
		y = call(r)
		return parity.Against(r, y, []golden.Array{parity.BatchLast(want["v"])})
	}, func() {
		golden.Close(t, "y", times(1/scale, y[0].Floats()), parity.BatchLast(want["y"]).Data, parity.Tolerance)
	})
	golden.Close(t, "gradient of x", times(1/scale, in[0].Gradient()), parity.BatchLast(want["gradient/x"]).Data, parity.Tolerance)
	for name, a := range want {
		if strings.HasPrefix(name, "gradient/") {
			want[name] = golden.Array{Shape: a.Shape, Data: times(scale, a.Data)}
		}
	}
	parity.Gradients(t, params, want, here)
	return params
}

func times(factor float32, xs []float32) []float32 {
	r := make([]float32, len(xs))
	for i, x := range xs {
		r[i] = factor * x
	}
	return r
}

// TestFoundOperationsAreTorchs compares affine operations with PyTorch: running statistics after
// one step, and outputs in evaluation. Pools without a norm are also compared at an odd size and
// with ties.
func TestFoundOperationsAreTorchs(t *testing.T) {
	e := block.NewEngine(backendtest.Open(t).Backend)
	torch := golden.Read(t, "ops")
	for _, c := range []struct {
		name         string
		size, stride int
		variant      string
	}{
		{"sep_conv_3x3", 8, 2, "affine"}, {"sep_conv_5x5", 8, 1, "affine"}, {"dil_conv_3x3", 8, 1, "affine"}, {"dil_conv_5x5", 8, 2, "affine"},
		{"skip_connect", 8, 2, "affine"}, {"max_pool_3x3", 8, 2, "bare"}, {"avg_pool_3x3", 8, 2, "bare"},
		{"max_pool_3x3", 7, 1, "odd_bare"}, {"avg_pool_3x3", 7, 1, "odd_bare"}, {"max_pool_3x3", 8, 1, "ties_bare"},
	} {
		t.Run(fmt.Sprintf("%s/stride%d/%s", c.name, c.stride, c.variant), func(t *testing.T) {
			want := golden.Under(torch, fmt.Sprintf("%s_stride%d_%s/", c.name, c.stride, c.variant))
			b := ops.Operation{Name: c.name, Channels: 6, Size: c.size, Stride: c.stride, Affine: true}.Chosen(2, false)
			params := check(t, e, b, block.Joint, want, 1, parity.Image(want["x"]))
			if c.variant == "affine" {
				parity.Running(t, params, want, here)
				evaluate(t, e, b, params, want)
			}
		})
	}
}

// evaluate compares the outputs of b in evaluation.
func evaluate(t *testing.T, e *block.Engine, b *block.Block, params []*block.Param, want map[string]golden.Array) {
	t.Helper()
	tape := block.NewTape(e, params, block.Evaluate, block.None)
	defer tape.Close()
	y := tape.Call("op", b, []*block.Value{parity.Image(want["x"])}, nil)[0].Hold()
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	golden.Close(t, "y in evaluation", y.Floats(), parity.BatchLast(want["y_eval"]).Data, parity.Tolerance)
}
