// Package blocktest checks the gradients of blocks.
package blocktest

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Gradients runs b on random inputs and weights, with the loss sum(outputs * v) for random v. It
// reports an error unless the gradients
//
//   - agree between one backward executable, two (unless norms are affine), and GoMLX's gradient
//     of one graph, and
//   - are the slopes of the loss along random directions (central differences).
func Gradients(t *testing.T, e *block.Engine, b *block.Block) {
	t.Helper()
	p := newProblem(e, b)
	loss, want := p.call(t, e, p.at, block.Joint, true)
	check := func(form string, l float64, got []float32) {
		if math.Abs(l-loss) > 1e-4*(1+math.Abs(loss)) {
			t.Errorf("%s: loss %g, want %g", form, l, loss)
		}
		scale := 0.0
		for _, x := range want {
			scale = max(scale, math.Abs(float64(x)))
		}
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-4*scale {
				t.Errorf("%s: gradient %d is %g, want %g (largest %g)", form, i, got[i], want[i], scale)
				return
			}
		}
	}
	if len(b.Norms) == 0 {
		l, got := p.call(t, e, p.at, block.Separate, true)
		check("in two parts", l, got)
	}
	l, got := p.oneGraph(e)
	check("in one graph", l, got)
	p.slopes(t, e, want)
}

// problem is a block with arguments: at concatenates differentiable inputs and weights.
type problem struct {
	b         *block.Block
	in        []shapes.Shape // in the engine's layout
	at        []float32
	constants []*tensors.Tensor
	diff      int
}

func newProblem(e *block.Engine, b *block.Block) *problem {
	r := rand.New(rand.NewPCG(3, 4))
	p := &problem{b: b, diff: len(b.In) - b.Const}
	for _, s := range b.In {
		p.in = append(p.in, e.Lowering.Shape(s))
	}
	for _, s := range p.in[:p.diff] {
		for range s.Size() {
			p.at = append(p.at, float32(r.NormFloat64()))
		}
	}
	for _, s := range p.in[p.diff:] {
		n := s.Size()
		if s.DType == dtypes.Int32 { // labels: at least two classes
			l := make([]int32, n)
			for i := range l {
				l[i] = int32(r.IntN(2))
			}
			p.constants = append(p.constants, tensors.FromFlatDataAndDimensions(l, s.Dimensions...))
			continue
		}
		f := make([]float32, n)
		for i := range f {
			f[i] = float32(r.NormFloat64())
		}
		p.constants = append(p.constants, tensors.FromFlatDataAndDimensions(f, s.Dimensions...))
	}
	for _, w := range b.Weights {
		for range w.Size() {
			if w.Fan > 0 {
				p.at = append(p.at, float32(r.NormFloat64()/math.Sqrt(float64(w.Fan))))
			} else {
				p.at = append(p.at, w.Fill+float32(0.2*r.NormFloat64()))
			}
		}
	}
	return p
}

// arrays cuts a flat vector into the block's inputs and its flat vector of weights (nil if it has
// none).
func (p *problem) arrays(at []float32) (in []*tensors.Tensor, weights []float32) {
	for _, s := range p.in[:p.diff] {
		in = append(in, tensors.FromFlatDataAndDimensions(at[:s.Size()], s.Dimensions...))
		at = at[s.Size():]
	}
	return append(in, p.constants...), at
}

// loss is the sum of the products of outputs and fixed random cotangents.
func (p *problem) loss(outputs []*Node) *Node {
	var sum *Node
	for i, o := range outputs {
		r := rand.New(rand.NewPCG(5, uint64(i)))
		v := make([]float32, o.Shape().Size())
		for j := range v {
			v[j] = float32(r.NormFloat64())
		}
		s := ReduceAllSum(Mul(o, Const(o.Graph(), tensors.FromFlatDataAndDimensions(v, o.Shape().Dimensions...))))
		if sum == nil {
			sum = s
		} else {
			sum = Add(sum, s)
		}
	}
	return sum
}

// fused returns the block and its loss as one block with a scalar output.
func (p *problem) fused() *block.Block {
	loss := &block.Block{
		Name: "loss",
		In:   make([]shapes.Shape, max(1, p.b.Outs)),
		Fn:   func(_ *block.Ctx, in, _ []*Node) []*Node { return []*Node{p.loss(in)} },
	}
	return block.Fuse("loss of "+p.b.Name, p.b.In, p.b.Const, func(r block.Runner, in []*block.Value) []*block.Value {
		return r.Call("", loss, r.Call("block", p.b, in, nil), nil)
	})
}

// call runs the block on a tape: forward, and backward if backward is true.
func (p *problem) call(t *testing.T, e *block.Engine, at []float32, back block.Backward, backward bool) (loss float64, gradient []float32) {
	t.Helper()
	fused := p.fused()
	arrays, weights := p.arrays(at)
	var in []*block.Value
	for _, a := range arrays {
		in = append(in, block.NewValue(a))
	}
	params := block.NewPlan(func(r block.Runner) { r.Call("fused", fused, in, nil) }).Params(1)
	for _, q := range params {
		if q.Trainable() {
			q.Update(func(w, _ []float32) { copy(w, weights) })
		}
	}
	tape := block.NewTape(e, params, block.Train, back)
	defer tape.Close()
	out := tape.Call("fused", fused, in, nil)[0]
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	loss = float64(out.Floats()[0])
	if !backward {
		return loss, nil
	}
	tape.Seed(out, 1)
	if err := tape.Backward(true); err != nil {
		t.Fatal(err)
	}
	for _, v := range in[:p.diff] {
		gradient = append(gradient, v.Gradient()...)
	}
	for _, q := range params {
		if q.Trainable() {
			gradient = append(gradient, q.Value.Gradient()...)
		}
	}
	return loss, gradient
}

// oneGraph differentiates the block outside of any tape.
func (p *problem) oneGraph(e *block.Engine) (loss float64, gradient []float32) {
	arrays, weights := p.arrays(p.at)
	args := make([]any, 0, len(arrays)+1)
	for _, a := range arrays {
		args = append(args, a)
	}
	if len(weights) > 0 {
		args = append(args, weights)
	}
	out := MustNewExec(e.Backend, func(in []*Node) []*Node {
		blockIn, flat := in[:len(p.b.In)], []*Node(nil)
		if len(weights) > 0 {
			flat = in[len(p.b.In):]
		}
		var l *Node
		if flat == nil {
			l = p.loss(p.b.Build(e.Lowering, blockIn, nil))
		} else {
			l = p.loss(p.b.Build(e.Lowering, blockIn, flat[0]))
		}
		return append([]*Node{l}, Gradient(l, append(blockIn[:p.diff:p.diff], flat...)...)...)
	}).MustCall(args...)
	for _, g := range out[1:] {
		gradient = append(gradient, tensors.MustCopyFlatData[float32](g)...)
	}
	return float64(tensors.ToScalar[float32](out[0])), gradient
}

// slopes compares the gradient with central differences along random directions. ReLU and max have
// kinks, and a finite step may cross one. Therefore most directions must agree closely, and all of
// them roughly.
func (p *problem) slopes(t *testing.T, e *block.Engine, gradient []float32) {
	t.Helper()
	const directions = 5
	r := rand.New(rand.NewPCG(6, 7))
	good := 0
	for range directions {
		direction := make([]float32, len(p.at))
		want, square := 0.0, 0.0
		for i := range direction {
			direction[i] = float32(r.NormFloat64())
			want += float64(direction[i]) * float64(gradient[i])
			square += float64(gradient[i]) * float64(gradient[i])
		}
		const h = 2e-4
		moved := func(by float32) float64 {
			at := make([]float32, len(p.at))
			for i := range at {
				at[i] = p.at[i] + by*direction[i]
			}
			l, _ := p.call(t, e, at, block.Joint, false)
			return l
		}
		slope := (moved(h) - moved(-h)) / (2 * h)
		// a slope is about as large as the gradient's norm
		off := math.Abs(slope-want) / math.Sqrt(square)
		if off < 0.03 {
			good++
		}
		if off > 0.2 {
			t.Errorf("slope %g along a random direction, want %g from the gradient (norm %g)", slope, want, math.Sqrt(square))
		}
	}
	if good <= directions/2 {
		t.Errorf("only %d of %d slopes agree with the gradient to 3 %% of its norm", good, directions)
	}
}
