package block

import . "github.com/gomlx/gomlx/core/graph"

// CustomGradient returns y, of any shape, whose gradient with respect to xs[i] is grads[i](v), of
// the shape of xs[i], for the cotangent v of y. The inputs from which y was computed get no other
// gradient. Each function of grads is called at most once, and only if its gradient is needed.
//
// It consists of identities with a custom gradient: one on y that receives v, and one on each x
// that provides the gradient when the backward pass arrives. A constant select connects them. The
// compiler removes it, so that no value of x (and no NaN of it) reaches y.
func CustomGradient(y *Node, xs []*Node, grads ...func(v *Node) *Node) *Node {
	each := make([]func(v []*Node) *Node, len(grads))
	for i, f := range grads {
		each[i] = func(v []*Node) *Node { return f(v[0]) }
	}
	return CustomGradients([]*Node{y}, xs, each...)[0]
}

// CustomGradients is CustomGradient for several results, of any shapes, that are computed together:
// v are their cotangents, zeros for results that are not read.
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
