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
	"github.com/essnas/essnas/lib/customcall"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/ops"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// TestKernelsAreXLAsOperations compares kernels with the same blocks in XLA's operations: outputs,
// running statistics and all gradients. The sizes include odd images, batches that fill no vector
// register, and windows larger than the image.
func TestKernelsAreXLAsOperations(t *testing.T) {
	b := backendtest.Open(t).Backend
	if customcall.Set() == "" {
		t.Skip("no kernels: " + customcall.Variable + " switches them off, or the plugin accepts none")
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
					x := o.Chosen(shape.batch, false)
					if !affine {
						x = o.Mixed(shape.batch)
					}
					want := compute(t, block.NewEngine(b), x, block.Lowering{Plain: true}, block.Joint)
					same(t, compute(t, block.NewEngine(b), x, block.Lowering{}, block.Joint), want)
				})
			}
		}
	}
}

// TestEachInstructionSetComputesTheSame repeats the test above with the kernels for older
// processors.
func TestEachInstructionSetComputesTheSame(t *testing.T) {
	backendtest.Open(t)
	if os.Getenv(customcall.Variable) != "" {
		t.Skip("an instruction set is already chosen")
	}
	for _, set := range []string{"plain", "avx2", "avx512"} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			if !customcall.Runs(set) {
				t.Skip("this processor lacks the instruction set")
			}
			c := exec.Command(os.Args[0], "-test.run=^TestKernels")
			c.Env = append(os.Environ(), customcall.Variable+"="+set)
			if text, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

// TestKernelsReadPartsAsXLAJoinsThem compares kernels that read channels in place with XLA
// operations that first join and shuffle them.
func TestKernelsReadPartsAsXLAJoinsThem(t *testing.T) {
	b := backendtest.Open(t).Backend
	if customcall.Set() == "" {
		t.Skip("no kernels: " + customcall.Variable + " switches them off, or the plugin accepts none")
	}
	for _, batch := range []int{3, 17} {
		image := func(channels int) shapes.Shape { return block.Floats(channels, 6, 6, batch) }
		// two states of 8 channels, K=4
		pairs := []shapes.Shape{image(2), image(6), image(2), image(6)}
		parts := func(in []*graph.Node) ops.Parts { return ops.Parts{Images: in, States: len(in) / 2, K: 4} }
		weight := func(out, in int) block.Weight { return block.Weight{Name: "w", Dims: []int{out, in}, Fan: in} }
		for _, x := range []*block.Block{
			{Name: "pointwise", In: pairs, Weights: []block.Weight{weight(12, 16)}, Fn: func(c *block.Ctx, in, w []*graph.Node) []*graph.Node {
				return []*graph.Node{ops.ReluPointwise(c, parts(in), w[0], 4)}
			}},
			{Name: "halves", In: pairs, Weights: []block.Weight{weight(6, 16), weight(6, 16)}, Fn: func(c *block.Ctx, in, w []*graph.Node) []*graph.Node {
				return []*graph.Node{ops.ReduceHalves(c, parts(in), w, 4)}
			}},
			{Name: "split", In: pairs[:2], Outs: 2, Fn: func(c *block.Ctx, in, w []*graph.Node) []*graph.Node { return parts(in).Split(c, 2) }},
			{Name: "3x3", In: []shapes.Shape{image(3)}, Weights: []block.Weight{weight(7, 27)}, Fn: func(c *block.Ctx, in, w []*graph.Node) []*graph.Node {
				return []*graph.Node{c.Site(in[0], func(x *graph.Node) *graph.Node { return ops.Conv3x3(c, x, w[0]) })}
			}},
		} {
			x.Name += fmt.Sprint(" test b", batch)
			for _, back := range []block.Backward{block.Joint, block.Separate} {
				t.Run(fmt.Sprint(x.Name, back), func(t *testing.T) {
					want := compute(t, block.NewEngine(b), x, block.Lowering{Plain: true}, back)
					same(t, compute(t, block.NewEngine(b), x, block.Lowering{}, back), want)
				})
			}
		}
	}
}

// compute runs a block forward and backward on random numbers, twice with the same sums.
func compute(t *testing.T, e *block.Engine, b *block.Block, l block.Lowering, back block.Backward) map[string][]float32 {
	t.Helper()
	e.Lowering = l
	r := rand.New(rand.NewPCG(1, 2))
	random := func(dims ...int) golden.Array {
		a := golden.Array{Shape: dims, Data: make([]float32, block.Floats(dims...).Size())}
		for i := range a.Data {
			a.Data[i] = float32(r.NormFloat64())
		}
		return a
	}
	var in []*block.Value
	for _, s := range b.In {
		in = append(in, parity.Value(random(s.Dimensions...)))
	}
	call := func(r block.Runner) []*block.Value {
		sums := block.Sums(max(1, b.Outs))
		r.Call("op", b, in, sums)
		return r.Call("op", b, in, sums)
	}
	params := block.NewPlan(func(r block.Runner) { call(r) }).Params(1)
	tape := block.NewTape(e, params, block.Evaluate, block.None) // for the outputs' shapes
	if len(b.Norms) > 0 {
		tape = block.NewTape(e, params, block.Train, block.None)
	}
	outs := call(tape)
	for _, y := range outs {
		y.Hold()
	}
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	var v []golden.Array
	for _, y := range outs {
		v = append(v, random(y.Tensor().Shape().Dimensions...))
	}
	tape.Close()
	got := map[string][]float32{}
	var y []*block.Value
	parity.Train(t, e, params, back, func(r block.Runner) *block.Value {
		y = call(r)
		return parity.Against(r, y, v)
	}, func() {
		for i := range y {
			got[fmt.Sprint("output ", i)] = y[i].Floats()
		}
	})
	for i, value := range in {
		got[fmt.Sprint("gradient of input ", i)] = value.Gradient()
	}
	for _, p := range params {
		got["running statistics"] = p.Running
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
