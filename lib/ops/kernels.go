package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/customcall"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// This file calls the custom kernels of package customcall, with gradients of their own. Without
// kernels, lowering.go and norm.go compose the same functions from XLA's operations.

// fast reports whether kernels can compute on x: float32 in CHWN, on a backend with registered
// kernels.
func fast(c *block.Ctx, x *Node) bool {
	l := c.Lowering()
	return !l.Plain && l.Layout == block.CHWN && x.DType() == dtypes.Float32 && (x.Rank() != 4 || x.Shape().Dim(0) <= customcall.MaxChannels) && customcall.On(x.Graph())
}

// once caches the result of f: one kernel computes the gradients of several inputs.
func once[V any](f func(v V) []*Node) func(i int) func(v V) *Node {
	var known []*Node
	return func(i int) func(v V) *Node {
		return func(v V) *Node {
			if known == nil {
				known = f(v)
			}
			return known[i]
		}
	}
}

// inputGradients computes the gradients of one or several inputs xs in one kernel. The kernel also
// adds the gradient that xs received before, if no other call adds it.
func inputGradients(c *block.Ctx, name string, numbers []int, in []*Node, xs ...*Node) []*Node {
	return customcall.Call(name, numbers, append(in[:len(in):len(in)], c.PriorGradients(xs...)...), shapesOf(xs)...)
}

// separableKernel is ReLU, a depthwise and a pointwise convolution in one kernel.
func (v conv) separableKernel(c *block.Ctx, x, dw, pw *Node) *Node {
	return v.separableCall(x, dw, pw, nil, func(in []*Node) *Node { return inputGradients(c, "separable_pull", v.numbers(), in, x)[0] })
}

// normSeparableKernel is separableKernel of the norm of x (without parameters). The kernel
// normalises while it reads, so memory never holds the normalised images.
func (v conv) normSeparableKernel(c *block.Ctx, x, dw, pw *Node, mean, rstd *Node) *Node {
	f := flatten(c, x)
	statistics := []*Node{mean, rstd}
	return v.separableCall(x, dw, pw, statistics, func(in []*Node) *Node {
		g := customcall.Call("separable_pull", v.numbers(), append(in, statistics...), x.Shape())[0]
		one := Reshape(ScalarOne(x.Graph(), dtypes.Float32), 1)
		matrix := f.matrix(StopGradient(x))
		dx := customcall.Call("norm_pull", nil, []*Node{f.matrix(g), matrix, mean, rstd, one}, matrix.Shape(), one.Shape(), block.Floats(f.channels))[0]
		return Reshape(dx, x.Shape().Dimensions...)
	})
}

// shiftSeparableKernel is separableKernel of x plus shift [c], which has no gradient. The kernel
// adds while it reads.
func (v conv) shiftSeparableKernel(x, dw, pw, shift *Node) *Node {
	column := Reshape(shift, -1, 1)
	statistics := []*Node{Neg(column), OnesLike(column)}
	return v.separableCall(x, dw, pw, statistics, func(in []*Node) *Node {
		return customcall.Call("separable_pull", v.numbers(), append(in, statistics...), x.Shape())[0]
	})
}

// kernel is images computed by one custom kernel.
func (r route) kernel(x *Node, w []*Node) *Node {
	rounds := max(1, r.rounds)
	numbers := []int{int(r.routing - cell.CapsuleDynamic), rounds, r.Groups, r.Types, r.Pose}
	in := append([]*Node{x}, w...)
	y := customcall.Call("capsules", numbers, in, x.Shape())[0]
	weights := once(func(g *Node) []*Node {
		return customcall.Call("capsules_weigh", numbers, append(in[:len(in):len(in)], g), shapesOf(w)...)
	})
	grads := []func(g *Node) *Node{func(g *Node) *Node {
		return customcall.Call("capsules_pull", numbers, append(in[:len(in):len(in)], g), x.Shape())[0]
	}}
	for i := range w {
		grads = append(grads, weights(i))
	}
	return block.CustomGradient(y, in, grads...)
}

func (v conv) numbers() []int { return []int{v.k, v.stride, v.pad, v.dilation} }

func (v conv) separableCall(x, dw, pw *Node, statistics []*Node, ofX func(in []*Node) *Node) *Node {
	m := size(v.layout, x)
	n := v.out(m.side)
	in := []*Node{x, dw, pw}
	y := customcall.Call("separable", v.numbers(), append(in[:3:3], statistics...), block.Floats(pw.Shape().Dim(0), n, n, m.batch))[0]
	weights := once(func(g *Node) []*Node {
		return customcall.Call("separable_weigh", v.numbers(), append(append(in[:3:3], g), statistics...), dw.Shape(), pw.Shape())
	})
	return block.CustomGradient(y, in, func(g *Node) *Node { return ofX(append(in[:3:3], g)) }, weights(0), weights(1))
}

func (v conv) maxPoolKernel(c *block.Ctx, x *Node) *Node {
	m := size(v.layout, x)
	n := v.out(m.side)
	numbers := []int{v.k, v.stride, v.pad, m.side}
	y := customcall.Call("max_pool", numbers, []*Node{x}, block.Floats(m.channels, n, n, m.batch), shapes.Make(dtypes.Int8, m.channels, n, n, m.batch))
	winner := c.Keep(y[1])
	return block.CustomGradient(c.Keep(y[0]), []*Node{x},
		func(g *Node) *Node { return inputGradients(c, "max_pool_pull", numbers, []*Node{g, winner}, x)[0] })
}

func (v conv) avgPoolKernel(c *block.Ctx, x *Node) *Node {
	m := size(v.layout, x)
	n := v.out(m.side)
	numbers := []int{v.k, v.stride, v.pad, m.side}
	y := customcall.Call("avg_pool", numbers, []*Node{x}, block.Floats(m.channels, n, n, m.batch))[0]
	return block.CustomGradient(y, []*Node{x},
		func(g *Node) *Node { return inputGradients(c, "avg_pool_pull", numbers, []*Node{g}, x)[0] })
}

// scaledKernel is x * scale [1].
func (f flat) scaledKernel(x, scale *Node) *Node {
	both := once(func(v *Node) []*Node {
		in := []*Node{f.matrix(v), f.matrix(StopGradient(x)), scale}
		if so := f.c.PriorGradients(x); so != nil {
			in = append(in, f.matrix(so[0]))
		}
		return customcall.Call("scale_pull", nil, in, in[1].Shape(), scale.Shape())
	})
	return block.CustomGradient(Mul(StopGradient(x), Reshape(scale, 1, 1, 1, 1)), []*Node{x, scale},
		func(v *Node) *Node { return Reshape(both(0)(v), x.Shape().Dimensions...) }, both(1))
}

// normKernel is flat.normalise in one kernel, for one device. gain is [c], or [1] for all channels.
func (f flat) normKernel(x, mean, rstd, gain, bias *Node) *Node {
	all := f.matrix(StopGradient(x))
	y := Mul(Mul(Sub(all, mean), rstd), f.column(gain))
	inputs := []*Node{x, gain}
	if bias != nil {
		y = Add(y, f.spread(bias))
		inputs = append(inputs, bias)
	}
	gradients := once(func(v *Node) []*Node {
		return customcall.Call("norm_pull", nil, []*Node{f.matrix(v), all, mean, rstd, gain}, all.Shape(), gain.Shape(), block.Floats(f.channels))
	})
	return block.CustomGradient(Reshape(y, x.Shape().Dimensions...), inputs,
		func(v *Node) *Node { return Reshape(gradients(0)(v), x.Shape().Dimensions...) }, gradients(1), gradients(2))
}
