package ops_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/ops"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// lowered returns an engine with this lowering on the test's backend.
func lowered(t *testing.T, l block.Lowering) *block.Engine {
	e := block.NewEngine(backendtest.Open(t).Backend)
	e.Lowering = l
	return e
}

// normal returns normally distributed numbers; an array of rank 4 is images.
func normal(seed uint64, dims ...int) golden.Array {
	r := rand.New(rand.NewPCG(seed, 1))
	a := golden.Array{Shape: dims}
	n := 1
	for _, d := range dims {
		n *= d
	}
	for range n {
		a.Data = append(a.Data, float32(r.NormFloat64()))
	}
	return a
}

// weighted is the sum of an operation's output, weighted by random numbers that are the same in
// every lowering.
func weighted(o ops.Operation, batch int) *block.Block {
	s := block.Floats(o.Channels, o.Out(), o.Out(), batch)
	v := parity.Value(normal(9, s.Dimensions...)).Tensor()
	return &block.Block{
		Name: "weighted " + s.String(),
		In:   []shapes.Shape{s},
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			w := c.Lowering().Layout.From(Const(in[0].Graph(), v))
			return []*Node{ReduceAllSum(Mul(ConvertDType(in[0], w.DType()), w))}
		},
	}
}

// outcome holds the results of an operation in a lowering: its output, and the gradients of a
// weighted sum of it.
type outcome struct{ y, x, weights, scale []float32 }

func run(t *testing.T, e *block.Engine, o ops.Operation, b *block.Block, back block.Backward, in ...golden.Array) (r outcome) {
	t.Helper()
	var values []*block.Value
	for _, a := range in {
		values = append(values, parity.Keep(e.Lowering, a))
	}
	var y []*block.Value
	pass := func(r block.Runner) *block.Value {
		y = r.Call("op", b, values, nil)
		return r.Call("", weighted(o, 2), y, nil)[0]
	}
	params := block.NewPlan(func(r block.Runner) { pass(r) }).Params(1)
	parity.Train(t, e, params, back, pass, func() { r.y = parity.Declared(e.Lowering, y[0].Floats(), y[0]) })
	r.x = parity.Declared(e.Lowering, values[0].Gradient(), values[0])
	if b.Const == 0 && len(values) > 1 {
		r.scale = values[1].Gradient()
	}
	for _, p := range params {
		if p.Trainable() {
			r.weights = append(r.weights, p.Value.Gradient()...)
		}
	}
	return r
}

// close compares all arrays. Half precision can move a value to the other side of a kink of ReLU or
// of a maximum, which switches its gradient on or off. Therefore each array is compared by the norm
// of the difference.
func (r outcome) close(t *testing.T, want outcome, tolerance float64) {
	t.Helper()
	for _, a := range []struct {
		what      string
		got, want []float32
	}{{"y", r.y, want.y}, {"gradient of x", r.x, want.x}, {"gradient of the weights", r.weights, want.weights}} {
		if d := distance(a.got, a.want); !(d <= tolerance*norm(a.want)) {
			t.Errorf("%s: relative distance %.2g, want at most %.2g", a.what, d/norm(a.want), tolerance)
		}
	}
	// The gradient of the mixing weight sums products of output and cotangent that mostly cancel.
	if d := distance(r.scale, want.scale); !(d <= tolerance*norm(want.y)) {
		t.Errorf("gradient of the mixing weight: got %g, want %g", r.scale, want.scale)
	}
}

func norm(x []float32) float64 { return distance(x, make([]float32, len(x))) }

func distance(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}

// TestEveryLoweringComputesTheSame compares operations of search and found networks with float32 in
// CHWN. In the other layout only the order of sums differs. Half precision rounds to 8 bits a few
// times.
func TestEveryLoweringComputesTheSame(t *testing.T) {
	lowerings := []struct {
		block.Lowering
		tolerance float64
	}{
		{block.Lowering{Layout: block.NHWC}, 1e-5},
		{block.Lowering{Precision: block.BFloat16}, 0.1},
		{block.Lowering{Layout: block.NHWC, Precision: block.BFloat16}, 0.1},
	}
	reference := lowered(t, block.Lowering{})
	engines := make([]*block.Engine, len(lowerings))
	for i, l := range lowerings {
		engines[i] = lowered(t, l.Lowering)
	}
	const batch = 2
	x, mix, drop := normal(3, 4, 8, 8, batch), golden.Array{Shape: []int{1}, Data: []float32{0.7}}, golden.Array{Shape: []int{batch}, Data: []float32{0, 2}}
	for _, o := range []ops.Operation{
		{Name: "max_pool_3x3", Stride: 2}, {Name: "avg_pool_3x3", Stride: 1}, {Name: "skip_connect", Stride: 1}, {Name: "skip_connect", Stride: 2},
		{Name: "sep_conv_3x3", Stride: 2}, {Name: "dil_conv_3x3", Stride: 1}, {Name: "dil_conv_5x5", Stride: 2},
		{Name: "sep_conv_3x3", Stride: 1, Affine: true}, {Name: "max_pool_3x3", Stride: 1, Affine: true}, {Name: "skip_connect", Stride: 2, Affine: true},
	} {
		o.Channels, o.Size = 4, 8
		b, in, back := o.Mixed(batch), []golden.Array{x, mix}, block.Separate
		if o.Affine {
			b, in, back = o.Chosen(batch, true), []golden.Array{x, drop}, block.Joint
		}
		want := run(t, reference, o, b, back, in...)
		for i, l := range lowerings {
			t.Run(fmt.Sprintf("%s/%s", o, l.Lowering), func(t *testing.T) {
				run(t, engines[i], o, b, back, in...).close(t, want, l.tolerance)
			})
		}
	}
}

// TestDropoutIsTheSameInEveryLayout: dropout depends on a value's position in the image, not in
// memory.
func TestDropoutIsTheSameInEveryLayout(t *testing.T) {
	o := ops.Operation{Name: "skip_connect", Channels: 4, Size: 6, Stride: 1}
	x, rate := normal(3, 4, 6, 6, 2), golden.Array{Shape: []int{1}, Data: []float32{0.5}}
	drop := func(l block.Lowering) []float32 {
		e := lowered(t, l)
		tape := block.NewTape(e, nil, block.Train, block.None)
		defer tape.Close()
		seed := block.NewValue(tensors.FromFlatDataAndDimensions([]int32{5}, 1))
		mix := golden.Array{Shape: []int{1}, Data: []float32{1}}
		y := tape.Call("", o.Dropped(2), []*block.Value{parity.Keep(l, x), parity.Value(mix), parity.Value(rate), seed}, nil)[0].Hold()
		if err := tape.Run(); err != nil {
			t.Fatal(err)
		}
		return parity.Declared(l, y.Floats(), y)
	}
	golden.Close(t, "NHWC", drop(block.Lowering{Layout: block.NHWC}), drop(block.Lowering{}), 1e-6)
}
