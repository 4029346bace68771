package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/kernel"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// This file calls package kernel where it computes what blocks want, with its own gradients; elsewhere lowering.go and norm.go put the same together from
// XLA's operations.

// fast says whether kernels take x: float32 in CHWN, on a backend that they are registered with.
func fast(c *block.Ctx, x *Node) bool {
	l := c.Lowering()
	return !l.Plain && l.Layout == block.CHWN && x.DType() == dtypes.Float32 && kernel.On(x.Graph())
}

// once remembers what f computes: gradients for several inputs come from one kernel.
func once(f func(v *Node) []*Node) func(i int) func(v *Node) *Node {
	var known []*Node
	return func(i int) func(v *Node) *Node {
		return func(v *Node) *Node {
			if known == nil {
				known = f(v)
			}
			return known[i]
		}
	}
}

// separableKernel is ReLU, depthwise and pointwise convolution.
func (v conv) separableKernel(x, dw, pw *Node) *Node {
	m := size(v.layout, x)
	n := v.out(m.side)
	numbers := []int{v.k, v.stride, v.pad, v.dilation}
	y := kernel.Call("separable", numbers, []*Node{x, dw, pw}, block.Floats(pw.Shape().Dim(0), n, n, m.batch))[0]
	weights := once(func(g *Node) []*Node {
		return kernel.Call("separable_weigh", numbers, []*Node{x, dw, pw, g}, dw.Shape(), pw.Shape())
	})
	return block.CustomGradient(y, []*Node{x, dw, pw},
		func(g *Node) *Node {
			return kernel.Call("separable_pull", numbers, []*Node{x, dw, pw, g}, x.Shape())[0]
		},
		weights(0), weights(1))
}

func (v conv) maxPoolKernel(c *block.Ctx, x *Node) *Node {
	m := size(v.layout, x)
	n := v.out(m.side)
	numbers := []int{v.k, v.stride, v.pad, m.side}
	y := kernel.Call("max_pool", numbers, []*Node{x}, block.Floats(m.channels, n, n, m.batch), shapes.Make(dtypes.Int8, m.channels, n, n, m.batch))
	winner := c.Keep(y[1])
	return block.CustomGradient(c.Keep(y[0]), []*Node{x},
		func(g *Node) *Node { return kernel.Call("max_pool_pull", numbers, []*Node{g, winner}, x.Shape())[0] })
}

func (v conv) avgPoolKernel(x *Node) *Node {
	m := size(v.layout, x)
	n := v.out(m.side)
	numbers := []int{v.k, v.stride, v.pad, m.side}
	y := kernel.Call("avg_pool", numbers, []*Node{x}, block.Floats(m.channels, n, n, m.batch))[0]
	return block.CustomGradient(y, []*Node{x},
		func(g *Node) *Node { return kernel.Call("avg_pool_pull", numbers, []*Node{g}, x.Shape())[0] })
}

// normKernel is flat.normalise on one device. gain is [c], or [1] for all channels.
func (f flat) normKernel(x, mean, rstd, gain, bias *Node) *Node {
	all := f.matrix(StopGradient(x))
	y := Mul(Mul(Sub(all, mean), rstd), f.column(gain))
	inputs := []*Node{x, gain}
	if bias != nil {
		y = Add(y, f.spread(bias))
		inputs = append(inputs, bias)
	}
	pull := once(func(v *Node) []*Node {
		return kernel.Call("norm_pull", nil, []*Node{f.matrix(v), all, mean, rstd, gain}, all.Shape(), gain.Shape(), block.Floats(f.channels))
	})
	return block.CustomGradient(Reshape(y, x.Shape().Dimensions...), inputs,
		func(v *Node) *Node { return Reshape(pull(0)(v), x.Shape().Dimensions...) }, pull(1), pull(2))
}
