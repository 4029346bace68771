package block

import . "github.com/gomlx/gomlx/core/graph"

// CustomGradient returns y, whose gradient to xs[i] is grads[i](v) for the cotangent v of y, whatever the shapes. What y
// was computed from gets no other gradient. Each of grads is called at most once, and only when its gradient is asked for.
//
// It is built from identities with a custom gradient: one on y, that takes v, and one on each x, that gives the gradient
// when the backward pass comes by. A constant select ties them together; the compiler folds it away, so that no value of
// x (and no NaN of it) reaches y.
func CustomGradient(y *Node, xs []*Node, grads ...func(v *Node) *Node) *Node {
	each := make([]func(v []*Node) *Node, len(grads))
	for i, f := range grads {
		each[i] = func(v []*Node) *Node { return f(v[0]) }
	}
	return CustomGradients([]*Node{y}, xs, each...)[0]
}

// CustomGradients is CustomGradient of several results, which are computed together: v are their cotangents, zeros for those that nobody reads.
func CustomGradients(ys, xs []*Node, grads ...func(v []*Node) *Node) []*Node {
	g := ys[0].Graph()
	cotangents := make([]*Node, len(ys))
	zero := ScalarZero(g, ys[0].DType())
	tie := zero
	for i, x := range xs {
		anchor := IdentityWithCustomGradient(x, func(_, _ *Node) *Node {
			for j, v := range cotangents {
				if v == nil {
					cotangents[j] = ZerosLike(ys[j])
				}
			}
			return grads[i](cotangents)
		})
		first := make([]SliceAxisSpec, x.Rank())
		for a := range first {
			first[a] = AxisRange(0, 1)
		}
		if x.Rank() > 0 {
			anchor = Reshape(Slice(anchor, first...))
		}
		tie = Add(tie, Where(Const(g, false), ConvertDType(anchor, zero.DType()), zero))
	}
	out := make([]*Node, len(ys))
	for j, y := range ys {
		out[j] = IdentityWithCustomGradient(Add(StopGradient(y), ConvertDType(tie, y.DType())), func(_, v *Node) *Node {
			cotangents[j] = v
			return v
		})
	}
	return out
}
