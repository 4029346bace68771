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

// This file is the one place that knows how convolutions and pools become XLA operations. Arrays are [c, h, w, b]
// (CHWN): slices and concatenations of channels are contiguous, a 1x1 convolution is one matrix product, and shifts
// vectorise over the batch. Windows are square, and so are images.

// side is the height of a square image [c, h, h, b].
func side(x *Node) int {
	d := x.Shape().Dimensions
	if len(d) != 4 || d[1] != d[2] {
		exceptions.Panicf("want square images [c, h, h, b], got %s", x.Shape())
	}
	return d[1]
}

// window is the n x n positions from (row, column) on, stride apart.
func window(x *Node, row, column, n, stride int) *Node {
	span := func(from int) SliceAxisSpec {
		s := AxisRange(from, from+(n-1)*stride+1)
		if stride > 1 {
			s = s.Stride(stride)
		}
		return s
	}
	return Slice(x, AxisRange(), span(row), span(column), AxisRange())
}

// border puts lo and hi rows and columns of fill around the images, and gap between their pixels. It has no gradient.
func border(x, fill *Node, gap, lo, hi int) *Node {
	p := compute.PadAxis{Start: lo, End: hi, Interior: gap}
	return Pad(x, fill, compute.PadAxis{}, p, p, compute.PadAxis{})
}

func zero(x *Node) *Node { return ScalarZero(x.Graph(), x.DType()) }

// conv is the geometry of a square window.
type conv struct{ k, stride, pad, dilation int }

func (v conv) out(h int) int { return (h+2*v.pad-v.dilation*(v.k-1)-1)/v.stride + 1 }

// taps calls f with each of the k x k shifted images that a window of y = conv(x) sees.
func (v conv) taps(padded *Node, n int, f func(i, j int, x *Node)) {
	for i := range v.k {
		for j := range v.k {
			f(i, j, window(padded, i*v.dilation, j*v.dilation, n, v.stride))
		}
	}
}

// spread puts a cotangent [c, n, n, b] of the output back on the grid of the input, so that the gradient of an input of
// side h is what a window of stride 1 sees of it; backTaps calls f with these, for the mirrored positions of the window.
func (v conv) spread(cotangent, fill *Node, h int) *Node {
	lo := v.dilation*(v.k-1) - v.pad
	span := (side(cotangent)-1)*v.stride + 1
	return border(cotangent, fill, v.stride-1, lo, h+v.dilation*(v.k-1)-span-lo)
}

func (v conv) backTaps(spread *Node, h int, f func(i, j int, x *Node)) {
	for i := range v.k {
		for j := range v.k {
			f(v.k-1-i, v.k-1-j, window(spread, i*v.dilation, j*v.dilation, h, 1))
		}
	}
}

func plus(a, b *Node) *Node {
	if a == nil {
		return b
	}
	return Add(a, b)
}

// depthwise convolves each channel with its own k x k window, w [k, k, c]: a sum of shifted images, forward and backward.
// (XLA's grouped convolution is 4-5 times slower on a CPU, and its gradient is one convolution for each group.)
func (v conv) depthwise(x, w *Node) *Node {
	h := side(x)
	n := v.out(h)
	c := x.Shape().Dim(0)
	tap := func(i, j int) *Node { return Reshape(Slice(w, AxisElem(i), AxisElem(j)), c, 1, 1, 1) }
	var y *Node
	v.taps(border(x, zero(x), 0, v.pad, v.pad), n, func(i, j int, s *Node) { y = plus(y, Mul(s, tap(i, j))) })
	return block.CustomGradient(y, []*Node{x, w},
		func(g *Node) *Node {
			var dx *Node
			v.backTaps(v.spread(g, zero(x), h), h, func(i, j int, s *Node) { dx = plus(dx, Mul(s, tap(i, j))) })
			return dx
		},
		func(g *Node) *Node { return v.depthwiseWeights(x, g) })
}

// depthwiseWeights is the gradient of w [k, k, c] for the cotangent g [c, n, n, b]: for each column of the window one
// matrix product for each channel, of all rows of x with all rows of g; the window's rows are then picked from it. k*k
// reductions would be five times slower.
func (v conv) depthwiseWeights(x, g *Node) *Node {
	d := g.Shape().Dimensions
	c, n, b := d[0], d[1], d[3]
	span := (n-1)*v.stride + v.dilation*(v.k-1) + 1 // rows of padded x that any window sees
	pick := make([]float32, v.k*span*n)
	for i := range v.k {
		for r := range n {
			pick[i*span*n+(r*v.stride+i*v.dilation)*n+r] = 1
		}
	}
	picks := ConvertDType(Const(x.Graph(), tensors.FromFlatDataAndDimensions(pick, v.k, span, n)), x.DType())
	padded := border(x, zero(x), 0, v.pad, v.pad)
	rows := Reshape(g, c, n, n*b)
	var columns []*Node
	for j := range v.k {
		s := AxisRange(j*v.dilation, j*v.dilation+(n-1)*v.stride+1)
		if v.stride > 1 {
			s = s.Stride(v.stride)
		}
		seen := Reshape(Slice(padded, AxisRange(), AxisRange(0, span), s, AxisRange()), c, span, n*b)
		products := DotGeneral(seen, []int{2}, []int{0}, rows, []int{2}, []int{0})    // [c, span, n]
		picked := DotGeneral(products, []int{1, 2}, nil, picks, []int{1, 2}, nil)     // [c, k]
		columns = append(columns, Reshape(TransposeAllAxes(picked, 1, 0), v.k, 1, c)) // [k, 1, c]
	}
	return Concatenate(columns, 1)
}

// Pointwise is a 1x1 convolution, w [out, in].
func Pointwise(x, w *Node) *Node {
	d := x.Shape().Dimensions
	out, in := w.Shape().Dim(0), w.Shape().Dim(1)
	if in != d[0] {
		exceptions.Panicf("1x1 convolution %s does not take %s", w.Shape(), x.Shape())
	}
	return Reshape(DotGeneral(w, []int{1}, nil, Reshape(x, in, -1), []int{0}, nil), out, d[1], d[2], d[3])
}

// Conv3x3 is a full 3x3 convolution with padding 1, w [out, 9*in] with the window's position first: one matrix product
// over the nine shifted images.
func Conv3x3(x, w *Node) *Node { return patches(x, w, conv{k: 3, stride: 1, pad: 1, dilation: 1}) }

// ConvValid is a full k x k convolution without padding, w [out, k*k*in].
func ConvValid(x, w *Node, k int) *Node { return patches(x, w, conv{k: k, stride: 1, dilation: 1}) }

func patches(x, w *Node, v conv) *Node {
	h := side(x)
	padded := x
	if v.pad > 0 {
		padded = block.CustomGradient(border(x, zero(x), 0, v.pad, v.pad), []*Node{x},
			func(g *Node) *Node { return window(g, v.pad, v.pad, h, 1) })
	}
	var ps []*Node
	v.taps(padded, v.out(h), func(_, _ int, s *Node) { ps = append(ps, s) })
	return Pointwise(Concatenate(ps, 0), w)
}

// MaxPooling is the largest value of a k x k window; padding never wins. Ties go to the first position, as in PyTorch.
// The backward pass gets a map of the winners' positions instead of the input.
func MaxPooling(c *block.Ctx, x *Node, k, stride, pad int) *Node {
	v := conv{k: k, stride: stride, pad: pad, dilation: 1}
	h := side(x)
	g := x.Graph()
	padded := StopGradient(x)
	if pad > 0 {
		padded = border(padded, Infinity(g, x.DType(), -1), 0, pad, pad)
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
			dx = plus(dx, Where(won[0], s, zero(x)))
			won = won[1:]
		})
		return dx
	})
}

// AvgPooling is the mean of a k x k window; padding is not counted.
func AvgPooling(x *Node, k, stride, pad int) *Node {
	v := conv{k: k, stride: stride, pad: pad, dilation: 1}
	h := side(x)
	n := v.out(h)
	share := make([]float32, n*n) // of each pixel in its window's mean
	covered := func(o int) int { return min(o*stride-pad+k, h) - max(o*stride-pad, 0) }
	for i := range share {
		share[i] = 1 / float32(covered(i/n)*covered(i%n))
	}
	shares := ConvertDType(Const(x.Graph(), tensors.FromFlatDataAndDimensions(share, 1, n, n, 1)), x.DType())
	var sum *Node
	v.taps(border(StopGradient(x), zero(x), 0, pad, pad), n, func(_, _ int, s *Node) { sum = plus(sum, s) })
	return block.CustomGradient(Mul(sum, shares), []*Node{x}, func(cotangent *Node) *Node {
		var dx *Node
		v.backTaps(v.spread(Mul(cotangent, shares), zero(x), h), h, func(_, _ int, s *Node) { dx = plus(dx, s) })
		return dx
	})
}

// GlobalPool is the mean over all positions, [c, h, w, b] -> [c, b].
func GlobalPool(x *Node) *Node {
	d := x.Shape().Dimensions
	return ReduceMean(Reshape(x, d[0], d[1]*d[2], d[3]), 1)
}

// Shuffle reads channels in k groups in turn (arXiv:1907.05737, section 3.2): channel i*k + g of the result is channel
// g*(c/k) + i of x, so that what one edge left out the next one sees. Unshuffle undoes it.
func Shuffle(x *Node, k int) *Node   { return swap(x, k) }
func Unshuffle(x *Node, k int) *Node { return swap(x, x.Shape().Dim(0)/k) }

// swap transposes the first axis, seen as [rows, size/rows].
func swap(x *Node, rows int) *Node {
	d := x.Shape().Dimensions
	if rows == 1 || rows == d[0] {
		return x
	}
	split := Reshape(x, append([]int{rows, d[0] / rows}, d[1:]...)...)
	order := []int{1, 0}
	for i := range d[1:] {
		order = append(order, i+2)
	}
	return Reshape(TransposeAllAxes(split, order...), d...)
}
