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
		depth, from := w[0], x
		layer := func(point []*Node) *Node {
			return c.Site(from, func(x *Node) *Node { return convolve(v, x, depth, point[0]) })
		}
		point, norm, last := w[1:2], w[2:], i == len(windows)-1
		w = norm
		if o.Affine {
			w = norm[2:]
		}
		switch f := flatten(c, x); {
		// the next convolution adds the norm's shift while it reads
		case o.Affine && !last && c.FixedWeights() && fast(c, x):
			point, shift := folded(c, point, norm[0], norm[1])
			x = c.SaveForBackward(layer(point))
			convolve = func(v conv, x, dw, pw *Node) *Node { return v.shiftSeparableKernel(x, dw, pw, shift) }
		case o.Affine:
			x = ConvNorm(c, point, norm[0], norm[1], layer)
		case last:
			return Norm(c, c.SaveForBackward(layer(point)), scale)
		// the next convolution normalises while it reads, so memory never holds the normalised
		// images
		case f.fast(x):
			x = c.SaveForBackward(layer(point))
			mean, rstd, _ := flatten(c, x).moments(x)
			convolve = func(v conv, x, dw, pw *Node) *Node { return v.normSeparableKernel(c, x, dw, pw, mean, rstd) }
		default:
			x = Norm(c, c.SaveForBackward(layer(point)), nil)
		}
	}
	return scaled(c, x, scale)
}
