package block

import . "github.com/gomlx/gomlx/core/graph"

// CustomGradient returns y, whose gradient to xs[i] is grads[i](v) for the cotangent v of y, whatever the shapes. What y
// was computed from gets no other gradient. Each of grads is called at most once, and only when its gradient is asked for.
//
// It is built from identities with a custom gradient: one on y, that takes v, and one on each x, that gives the gradient
// when the backward pass comes by. A constant select ties them together; the compiler folds it away, so that no value of
// x (and no NaN of it) reaches y.
func CustomGradient(y *Node, xs []*Node, grads ...func(v *Node) *Node) *Node {
	g := y.Graph()
	y = StopGradient(y)
	var cotangent *Node
	zero := ScalarZero(g, y.DType())
	tie := zero
	for i, x := range xs {
		anchor := IdentityWithCustomGradient(x, func(_, _ *Node) *Node { return grads[i](cotangent) })
		first := make([]SliceAxisSpec, x.Rank())
		for a := range first {
			first[a] = AxisRange(0, 1)
		}
		if x.Rank() > 0 {
			anchor = Reshape(Slice(anchor, first...))
		}
		tie = Add(tie, Where(Const(g, false), ConvertDType(anchor, y.DType()), zero))
	}
	return IdentityWithCustomGradient(Add(y, tie), func(_, v *Node) *Node {
		cotangent = v
		return v
	})
}
