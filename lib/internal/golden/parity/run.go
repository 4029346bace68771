package parity

import (
	"testing"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Against calls a block on r that computes the sum of all y[i] * v[i]: a loss with which y[i] gets
// the cotangent v[i].
func Against(r block.Runner, y []*block.Value, v []golden.Array) *block.Value {
	loss := block.Sums(1)
	for i := range y {
		s := block.Floats(v[i].Shape...)
		b := &block.Block{
			Name: "product " + s.String(), In: []shapes.Shape{s, s}, Const: 1,
			Fn: func(_ *block.Ctx, in, _ []*Node) []*Node { return []*Node{ReduceAllSum(Mul(in[0], in[1]))} },
		}
		r.Call("", b, []*block.Value{y[i], Value(v[i])}, loss)
	}
	return loss[0]
}

// Train runs the forward and the backward pass of f, whose result is a loss. back is Joint or
// Separate. Afterwards the params and the values that f reads have gradients. Train calls after, if
// not nil, between the two passes, when the values exist.
func Train(t testing.TB, e *block.Engine, params []*block.Param, back block.Backward, f func(r block.Runner) (loss *block.Value), after func()) {
	t.Helper()
	tape := block.NewTape(e, params, block.Train, back)
	defer tape.Close()
	loss := f(tape)
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	if after != nil {
		after()
	}
	tape.Seed(loss, 1)
	if err := tape.Backward(true); err != nil {
		t.Fatal(err)
	}
}
