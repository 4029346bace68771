package ops

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	. "github.com/gomlx/gomlx/core/graph"
)

// separable operations consist of one layer per window: ReLU, a depthwise convolution, a pointwise
// convolution and a norm.
type separable struct{ weighted }

func (separable) weights(o Operation, windows []cell.Window) (w []block.Weight) {
	n := o.Out() * o.Out()
	for i, v := range windows {
		w = append(w,
			block.Weight{Name: fmt.Sprintf("depthwise%d", i), Dims: []int{v.Size, v.Size, o.Channels}, Fan: v.Size * v.Size, Positions: n},
			block.Weight{Name: fmt.Sprintf("pointwise%d", i), Dims: []int{o.Channels, o.Channels}, Fan: o.Channels, Positions: n})
		if o.Affine {
			w = append(w, NormWeights(fmt.Sprintf("norm%d", i), o.Channels)...)
		}
	}
	return w
}

func (separable) norms(o Operation, windows []cell.Window) (n []int) {
	for range windows {
		n = append(n, o.Channels)
	}
	return n
}

// saves counts one array per convolution, which its norm reads, plus a small term that ranks larger
// windows higher.
func (separable) saves(windows []cell.Window) (arrays float64) {
	for _, v := range windows {
		arrays += 1 + float64(v.Size)/100
	}
	return arrays
}

func (separable) build(o Operation, windows []cell.Window, c *block.Ctx, x *Node, w []*Node, scale *Node) *Node {
	stride := o.Stride
	convolve := func(v conv, x, dw, pw *Node) *Node { return v.separable(c, x, dw, pw) }
	for i, window := range windows {
		v := conv{k: window.Size, pad: window.Reach() / 2, dilation: window.Dilation, layout: c.Lowering().Layout}
		v.stride, stride = stride, 1 // only the first convolution has the stride
		depth, point := w[0], w[1]
		w = w[2:]
		x = c.SaveForBackward(c.Site(x, func(x *Node) *Node { return convolve(v, x, depth, point) }))
		switch f := flatten(c, x); {
		case o.Affine:
			x = AffineNorm(c, x, w[0], w[1])
			w = w[2:]
		case i == len(windows)-1:
			return Norm(c, x, scale)
		// the next convolution normalises while it reads, so memory never holds the normalised
		// images
		case f.fast(x):
			mean, rstd, _ := f.moments(x)
			convolve = func(v conv, x, dw, pw *Node) *Node { return v.normSeparableKernel(c, x, dw, pw, mean, rstd) }
		default:
			x = Norm(c, x, nil)
		}
	}
	return scaled(c, x, scale)
}
