package ops_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/kernel"
	"github.com/essnas/essnas/lib/ops"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestKernelsAreXLAsOperations holds kernels against the same blocks in XLA's operations: outputs, running statistics, and all gradients, for
// sizes that fill no vector, odd images, and windows that are larger than the image.
func TestKernelsAreXLAsOperations(t *testing.T) {
	b := backendtest.Open(t).Backend
	if kernel.Set() == "" {
		t.Skip("no kernels here: " + kernel.Variable + " switches them off, or the plugin takes none")
	}
	for _, shape := range []struct{ channels, side, batch, stride int }{
		{2, 7, 3, 1}, {10, 6, 17, 2}, {6, 2, 64, 1},
	} {
		for _, name := range cell.Primitives[1:] {
			for _, affine := range []bool{false, true}[:1+shape.stride/2] {
				o := ops.Operation{Name: name, Channels: shape.channels, Size: shape.side, Stride: shape.stride, Affine: affine}
				if name == "skip_connect" && shape.stride == 2 && shape.side%2 != 0 {
					continue
				}
				t.Run(fmt.Sprintf("%s b%d", o, shape.batch), func(t *testing.T) {
					want := compute(t, block.NewEngine(b), o, shape.batch, block.Lowering{Plain: true}, block.Joint)
					same(t, compute(t, block.NewEngine(b), o, shape.batch, block.Lowering{}, block.Joint), want)
				})
			}
		}
	}
}

// TestEachInstructionSetComputesTheSame runs the test above with the kernels for lesser processors.
func TestEachInstructionSetComputesTheSame(t *testing.T) {
	backendtest.Open(t)
	if os.Getenv(kernel.Variable) != "" {
		t.Skip("a set is chosen already")
	}
	for _, set := range []string{"plain", "avx2", "avx512"} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			if !kernel.Runs(set) {
				t.Skip("not on this processor")
			}
			c := exec.Command(os.Args[0], "-test.run=^TestKernelsAreXLAsOperations$")
			c.Env = append(os.Environ(), kernel.Variable+"="+set)
			if text, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

// compute runs an operation forward and backward on random numbers.
func compute(t *testing.T, e *block.Engine, o ops.Operation, batch int, l block.Lowering, back block.Backward) map[string][]float32 {
	t.Helper()
	e.Lowering = l
	r := rand.New(rand.NewPCG(1, 2))
	random := func(dims ...int) golden.Array {
		a := golden.Array{Shape: dims, Data: make([]float32, tensors.FromShape(block.Floats(dims...)).Size())}
		for i := range a.Data {
			a.Data[i] = float32(r.NormFloat64())
		}
		return a
	}
	x := random(o.Channels, o.Size, o.Size, batch)
	v := random(o.Channels, o.Out(), o.Out(), batch)
	in := []*block.Value{block.NewValue(tensors.FromFlatDataAndDimensions(x.Data, x.Shape...))}
	b := o.Chosen(batch, false)
	if !o.Affine {
		b = o.Mixed(batch)
		in = append(in, parity.Value(golden.Array{Shape: []int{1}, Data: []float32{0.5}}))
	}
	call := func(r block.Runner) []*block.Value { return r.Call("op", b, in, nil) }
	params := block.NewPlan(func(r block.Runner) { call(r) }).Params(1)
	got := map[string][]float32{}
	var y []*block.Value
	parity.Train(t, e, params, back, func(r block.Runner) *block.Value {
		y = call(r)
		return parity.Against(r, y, []golden.Array{v})
	}, func() { got["output"] = y[0].Floats() })
	for i, value := range in {
		got[fmt.Sprint("gradient of input ", i)] = value.Gradient()
	}
	for _, p := range params {
		got["running statistics"] = p.Settled()
		if p.Trainable() {
			got["gradient of weights"] = p.Value.Gradient()
		}
	}
	return got
}

func same(t *testing.T, got, want map[string][]float32) {
	t.Helper()
	for name, w := range want {
		golden.Close(t, name, got[name], w, parity.Tolerance)
	}
}
