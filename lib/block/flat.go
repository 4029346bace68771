package block

import (
	"github.com/essnas/essnas/lib/customcall"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// This file contains the parts of every executable around a block's function: it cuts flat vectors
// into arrays, joins the gradients of these, and adds previous gradients. A kernel does each in one
// call. In XLA operations, each array would be one more program to compile.

// kernels reports whether package customcall computes in a graph.
func (l Lowering) kernels(g *Graph) bool { return !l.Plain && customcall.On(g) }

// cut slices a flat vector into arrays of these shapes. Gradients are taken with respect to the
// arrays.
func (l Lowering) cut(flat *Node, as []shapes.Shape) []*Node {
	if len(as) > 1 && l.kernels(flat.Graph()) {
		parts := customcall.Call("cut", nil, []*Node{flat}, as...)
		for i := range parts {
			parts[i] = Identity(parts[i]) // outputs of a kernel have no gradient
		}
		return parts
	}
	return sliced(flat, as)
}

// sliced is cut in XLA operations, which pass gradients to the flat vector.
func sliced(flat *Node, as []shapes.Shape) []*Node {
	r := make([]*Node, len(as))
	at := 0
	for i, s := range as {
		r[i] = Reshape(Slice(flat, AxisRange(at, at+s.Size())), s.Dimensions...)
		at += s.Size()
	}
	return r
}

// join is the inverse of cut; it adds the gradient prior.
func (l Lowering) join(prior *Node, parts []*Node) *Node {
	if l.kernels(prior.Graph()) {
		return customcall.Call("join", nil, append([]*Node{prior}, parts...), prior.Shape())[0]
	}
	flat := make([]*Node, len(parts))
	for i, p := range parts {
		flat[i] = Reshape(p, -1)
	}
	return Add(prior, Concatenate(flat, 0))
}

// addPrior adds gradients to the previous gradients of the inputs, except for those to which a
// kernel has added already.
func (l Lowering) addPrior(c *Ctx, in, prior, gradients []*Node) {
	var open []int
	var from, to []*Node
	var as []shapes.Shape
	all := true
	for i, s := range prior {
		if c.prior[in[i]] == nil {
			continue
		}
		open = append(open, i)
		from, to, as = append(from, s), append(to, gradients[i]), append(as, s.Shape())
		all = all && s.DType() == Floats().DType && gradients[i].DType() == s.DType()
	}
	if len(open) > 0 && all && l.kernels(prior[0].Graph()) {
		for i, sum := range customcall.Call("add", nil, append(from, to...), as...) {
			gradients[open[i]] = sum
		}
		return
	}
	for _, i := range open {
		gradients[i] = Add(prior[i], gradients[i])
	}
}
