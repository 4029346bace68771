package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// This file translates convolutions and pools into XLA operations; convolution.go uses XLA's own
// convolution. Windows and images are square. Sums are computed in float32 for images of any
// precision.

// window returns n x n positions, stride apart, from (row, column) on.
func (v conv) window(x *Node, row, column, n, stride int) *Node {
	span := func(from int) SliceAxisSpec {
		s := AxisRange(from, from+(n-1)*stride+1)
		if stride > 1 {
			s = s.Stride(stride)
		}
		return s
	}
	return on(v.layout, x, func(_, height, width, _ *SliceAxisSpec) { *height, *width = span(row), span(column) })
}

// border pads the images by lo rows and columns of fill before and hi after, and by gap between
// pixels. It has no gradient.
func (v conv) border(x, fill *Node, gap, lo, hi int) *Node {
	axes := make([]compute.PadAxis, 4)
	_, height, width, _ := v.layout.Axes()
	for _, i := range []int{height, width} {
		axes[i] = compute.PadAxis{Start: lo, End: hi, Interior: gap}
	}
	return Pad(x, fill, axes...)
}

func zero(x *Node) *Node { return ScalarZero(x.Graph(), x.DType()) }

// conv is the geometry of a square window.
type conv struct {
	k, stride, pad, dilation int
	layout                   block.Layout
}

func (v conv) side(x *Node) int { return size(v.layout, x).side }

func (v conv) out(h int) int { return (h+2*v.pad-v.dilation*(v.k-1)-1)/v.stride + 1 }

// taps calls f with each of the k x k shifted images that a convolution reads.
func (v conv) taps(padded *Node, n int, f func(i, j int, x *Node)) {
	for i := range v.k {
		for j := range v.k {
			f(i, j, v.window(padded, i*v.dilation, j*v.dilation, n, v.stride))
		}
	}
}

// spread places a cotangent of the output, n x n, on the grid of the input of side h. The gradient
// of the input is then a convolution of the result with stride 1. backTaps calls f with its shifted
// images, for the mirrored positions of the window.
func (v conv) spread(cotangent, fill *Node, h int) *Node {
	lo := v.dilation*(v.k-1) - v.pad
	span := (v.side(cotangent)-1)*v.stride + 1
	return v.border(cotangent, fill, v.stride-1, lo, h+v.dilation*(v.k-1)-span-lo)
}

func (v conv) backTaps(spread *Node, h int, f func(i, j int, x *Node)) {
	for i := range v.k {
		for j := range v.k {
			f(v.k-1-i, v.k-1-j, v.window(spread, i*v.dilation, j*v.dilation, h, 1))
		}
	}
}

func plus(a, b *Node) *Node {
	if a == nil {
		return b
	}
	return Add(a, b)
}

// separable is ReLU, a depthwise convolution with dw [k, k, c], and a pointwise one with pw [out,
// c].
func (v conv) separable(c *block.Ctx, x, dw, pw *Node) *Node {
	if fast(c, x) {
		return v.separableKernel(c, x, dw, pw)
	}
	switch v.separableWay(c, x, dw, pw) {
	case dense:
		return v.merged(c, Relu(x), dw, pw)
	case grouped:
		return Pointwise(c, v.group(c, Relu(x), dw), pw)
	}
	return Pointwise(c, v.depthwise(c, Relu(x), dw), pw)
}

// depthwise convolves each channel with its own k x k window, w [k, k, c]. Forward and backward are
// sums of shifted images: XLA's grouped convolution is 4 to 5 times slower on a CPU, and its
// gradient becomes one convolution per group.
func (v conv) depthwise(c *block.Ctx, x, w *Node) *Node {
	x = narrow(c, x)
	h := v.side(x)
	n := v.out(h)
	tap := func(i, j int) *Node { return PerChannel(c, Slice(w, AxisElem(i), AxisElem(j))) }
	var y *Node
	v.taps(v.border(x, zero(x), 0, v.pad, v.pad), n, func(i, j int, s *Node) { y = plus(y, Mul(wide(s), tap(i, j))) })
	return block.CustomGradient(narrow(c, y), []*Node{x, w},
		func(g *Node) *Node {
			var dx *Node
			v.backTaps(v.spread(g, zero(g), h), h, func(i, j int, s *Node) { dx = plus(dx, Mul(wide(s), tap(i, j))) })
			return ConvertDType(dx, x.DType())
		},
		func(g *Node) *Node { return v.depthwiseWeights(x, g) })
}

// depthwiseWeights is the gradient of w [k, k, c] for the cotangent g of side n.
func (v conv) depthwiseWeights(x, g *Node) *Node {
	if v.layout == block.CHWN {
		return v.depthwiseWeightsByProducts(x, g)
	}
	c, n := size(v.layout, g).channels, v.side(g)
	_, height, width, batch := v.layout.Axes()
	var taps []*Node
	v.taps(v.border(x, zero(x), 0, v.pad, v.pad), n, func(_, _ int, s *Node) {
		taps = append(taps, Reshape(ReduceSum(Mul(wide(s), wide(g)), height, width, batch), 1, c))
	})
	return Reshape(Concatenate(taps, 0), v.k, v.k, c)
}

// depthwiseWeightsByProducts is depthwiseWeights in CHWN. For each column of the window, one matrix
// product per channel multiplies all rows of x by all rows of g. A second product picks the rows of
// the window from it. On a CPU, k*k reductions would be five times slower.
func (v conv) depthwiseWeightsByProducts(x, g *Node) *Node {
	d := g.Shape().Dimensions
	c, n, b := d[0], d[1], d[3]
	span := (n-1)*v.stride + v.dilation*(v.k-1) + 1 // rows of padded x that windows read
	pick := make([]float32, v.k*span*n)
	for i := range v.k {
		for r := range n {
			pick[i*span*n+(r*v.stride+i*v.dilation)*n+r] = 1
		}
	}
	picks := Const(x.Graph(), tensors.FromFlatDataAndDimensions(pick, v.k, span, n))
	padded := v.border(x, zero(x), 0, v.pad, v.pad)
	rows := Reshape(g, c, n, n*b)
	var columns []*Node
	for j := range v.k {
		s := AxisRange(j*v.dilation, j*v.dilation+(n-1)*v.stride+1)
		if v.stride > 1 {
			s = s.Stride(v.stride)
		}
		seen := Reshape(Slice(padded, AxisRange(), AxisRange(0, span), s, AxisRange()), c, span, n*b)
		// [c, span, n]
		products := wideDot(seen, []int{2}, []int{0}, rows, []int{2}, []int{0})
		picked := DotGeneral(products, []int{1, 2}, nil, picks, []int{1, 2}, nil)     // [c, k]
		columns = append(columns, Reshape(TransposeAllAxes(picked, 1, 0), v.k, 1, c)) // [k, 1, c]
	}
	return Concatenate(columns, 1)
}

// wideDot is DotGeneral with a float32 result.
func wideDot(a *Node, aContracting, aBatch []int, b *Node, bContracting, bBatch []int) *Node {
	dot := Dot(a, b)
	if a.DType() != dtypes.Float32 {
		dot = dot.WithOutputDType(dtypes.Float32)
	}
	return dot.General(aContracting, aBatch, bContracting, bBatch)
}

// Pointwise is a 1x1 convolution with w [out, in]: [in, h, h, b] -> [out, h, h, b]. It panics if x
// does not have in channels.
func Pointwise(c *block.Ctx, x, w *Node) *Node {
	l := c.Lowering().Layout
	m := size(l, x)
	out, in := w.Shape().Dim(0), w.Shape().Dim(1)
	if in != m.channels {
		exceptions.Panicf("1x1 convolution %s does not take %s", w.Shape(), x.Shape())
	}
	x = narrow(c, x)
	dims := l.Dims(out, m.side, m.side, m.batch)
	if l == block.NHWC {
		return Reshape(matrixProduct(Reshape(x, -1, in), w, 1, false), dims...)
	}
	return Reshape(matrixProduct(Reshape(x, in, -1), w, 0, true), dims...)
}

// matrixProduct multiplies w [out, in] by x. If first is true the channels come first: x [in, p]
// gives [out, p]. Otherwise x [p, in] gives [p, out]. axis is the channel axis of x. In half
// precision, sums and the gradient of w are float32.
func matrixProduct(x, w *Node, axis int, first bool) *Node {
	product := func(w *Node) *Node {
		if first {
			return DotGeneral(w, []int{1}, nil, x, []int{axis}, nil)
		}
		return DotGeneral(x, []int{axis}, nil, w, []int{1}, nil)
	}
	if x.DType() == w.DType() {
		return product(w)
	}
	half := ConvertDType(w, x.DType())
	return block.CustomGradient(ConvertDType(product(half), x.DType()), []*Node{x, w},
		func(g *Node) *Node {
			if first {
				return ConvertDType(DotGeneral(half, []int{0}, nil, g, []int{0}, nil), x.DType())
			}
			return ConvertDType(DotGeneral(g, []int{1}, nil, half, []int{0}, nil), x.DType())
		},
		func(g *Node) *Node { return wideDot(g, []int{1 - axis}, nil, x, []int{1 - axis}, nil) })
}

// Conv3x3 is a full 3x3 convolution with padding 1: [in, h, h, b] -> [out, h, h, b]. The second
// axis of w [out, 9*in] has the window's position first. One matrix product multiplies w by the
// nine shifted images.
func Conv3x3(c *block.Ctx, x, w *Node) *Node {
	if p := Whole(x); p.fast(c, 3, w.Shape().Dim(0)) {
		return p.pointwiseKernel(c, []*Node{w}, 3, false, 1)
	}
	return patches(c, x, w, conv{k: 3, stride: 1, pad: 1, dilation: 1, layout: c.Lowering().Layout})
}

// Halving3x3 is a full 3x3 convolution with stride 2 and padding 1: [in, h, h, b] -> [out, h/2,
// h/2, b]. The second axis of w [out, 9*in] has the window's position first.
func Halving3x3(c *block.Ctx, x, w *Node) *Node {
	return patches(c, x, w, conv{k: 3, stride: 2, pad: 1, dilation: 1, layout: c.Lowering().Layout})
}

// ConvValid is a full k x k convolution without padding, with w [out, k*k*in]: [in, h, h, b] ->
// [out, h-k+1, h-k+1, b].
func ConvValid(c *block.Ctx, x, w *Node, k int) *Node {
	return patches(c, x, w, conv{k: k, stride: 1, dilation: 1, layout: c.Lowering().Layout})
}

func patches(c *block.Ctx, x, w *Node, v conv) *Node {
	if v.fullWay(c, x, w) == dense {
		return v.full(c, x, w)
	}
	h := v.side(x)
	padded := x
	if v.pad > 0 {
		padded = block.CustomGradient(v.border(x, zero(x), 0, v.pad, v.pad), []*Node{x},
			func(g *Node) *Node { return v.window(g, v.pad, v.pad, h, 1) })
	}
	var ps []*Node
	v.taps(padded, v.out(h), func(_, _ int, s *Node) { ps = append(ps, s) })
	return Pointwise(c, JoinChannels(c, ps...), w)
}

// MaxPooling is the maximum of each k x k window; padding never wins. Ties go to the first
// position, as in PyTorch. The backward pass reads the saved positions of the maxima instead of the
// input.
func MaxPooling(c *block.Ctx, x *Node, k, stride, pad int) *Node {
	v := conv{k: k, stride: stride, pad: pad, dilation: 1, layout: c.Lowering().Layout}
	if fast(c, x) {
		return v.maxPoolKernel(c, x)
	}
	h := v.side(x)
	g := x.Graph()
	padded := StopGradient(x)
	if pad > 0 {
		padded = v.border(padded, Infinity(g, x.DType(), -1), 0, pad, pad)
	}
	var y, winner *Node
	v.taps(padded, v.out(h), func(i, j int, s *Node) {
		if y == nil {
			y, winner = s, Zeros(g, shapes.Make(dtypes.Int8, s.Shape().Dimensions...))
			return
		}
		winner = Where(GreaterThan(s, y), Scalar(g, dtypes.Int8, i*k+j), winner)
		y = Max(y, s)
	})
	winner = c.Keep(winner)
	y = c.Keep(y)
	return block.CustomGradient(y, []*Node{x}, func(cotangent *Node) *Node {
		var dx *Node
		winners := v.spread(winner, Scalar(g, dtypes.Int8, -1), h)
		var won []*Node
		v.backTaps(winners, h, func(i, j int, s *Node) { won = append(won, Equal(s, Scalar(g, dtypes.Int8, i*k+j))) })
		v.backTaps(v.spread(cotangent, zero(x), h), h, func(_, _ int, s *Node) {
			s = wide(s)
			dx = plus(dx, Where(won[0], s, zero(s)))
			won = won[1:]
		})
		return ConvertDType(dx, x.DType())
	})
}

// AvgPooling is the mean of each k x k window; padding is not counted.
func AvgPooling(c *block.Ctx, x *Node, k, stride, pad int) *Node {
	v := conv{k: k, stride: stride, pad: pad, dilation: 1, layout: c.Lowering().Layout}
	if fast(c, x) {
		return v.avgPoolKernel(c, x)
	}
	h := v.side(x)
	n := v.out(h)
	share := make([]float32, n*n) // weight of a pixel in the mean of its window
	covered := func(o int) int { return min(o*stride-pad+k, h) - max(o*stride-pad, 0) }
	for i := range share {
		share[i] = 1 / float32(covered(i/n)*covered(i%n))
	}
	shares := Const(x.Graph(), tensors.FromFlatDataAndDimensions(share, v.layout.Dims(1, n, n, 1)...))
	var sum *Node
	v.taps(v.border(StopGradient(x), zero(x), 0, pad, pad), n, func(_, _ int, s *Node) { sum = plus(sum, wide(s)) })
	return block.CustomGradient(Mul(sum, shares), []*Node{x}, func(cotangent *Node) *Node {
		var dx *Node
		v.backTaps(v.spread(Mul(cotangent, shares), zero(cotangent), h), h, func(_, _ int, s *Node) { dx = plus(dx, s) })
		return ConvertDType(dx, x.DType())
	})
}
