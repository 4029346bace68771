package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/customcall"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// epsilon is added to variances. PyTorch has the same default.
const epsilon = 1e-5

// Norm is batch normalisation without parameters, for images or vectors [c, b], times scale: a
// mixing weight [1], or nil for 1. Search networks use it, always with the statistics of the batch.
// Norm includes the scale because the norm's own gradient needs the gradient of the scale, sum(v *
// normalised). Statistics and result are float32.
func Norm(c *block.Ctx, x, scale *Node) *Node {
	f := flatten(c, x)
	mean, rstd, _ := f.moments(x)
	if scale == nil {
		scale = Reshape(ScalarOne(x.Graph(), dtypes.Float32), 1)
	}
	return f.normalise(x, mean, rstd, scale, nil)
}

// AffineNorm is batch normalisation with gain [c] and bias [c], for images or vectors [c, b]. Found
// networks use it. Training tracks running statistics (momentum 0.1, unbiased variance, as in
// PyTorch); evaluation uses them. The result is float32.
func AffineNorm(c *block.Ctx, x, gain, bias *Node) *Node {
	c.Whole("a norm's gain")
	if c.Evaluating() {
		g, b := linear(c, gain, bias)
		return Add(Mul(wide(x), PerChannel(c, g)), PerChannel(c, b))
	}
	f := flatten(c, x)
	mean, rstd, variance := f.moments(x)
	n := float64(f.positions * c.Devices())
	c.Moments(Reshape(mean, f.channels), MulScalar(Reshape(variance, f.channels), n/(n-1)))
	return f.normalise(x, mean, rstd, gain, bias)
}

// ConvNorm is a convolution with an affine norm. convolve computes it from its weights w, one or
// several arrays whose rows are the output channels: [o, ...]. The backward pass receives the images
// between both. With fixed weights (block.Ctx.FixedWeights) the gain is part of w, so that neither
// pass multiplies images by it.
func ConvNorm(c *block.Ctx, w []*Node, gain, bias *Node, convolve func(w []*Node) *Node) *Node {
	if !c.FixedWeights() {
		return AffineNorm(c, c.SaveForBackward(convolve(w)), gain, bias)
	}
	w, shift := folded(c, w, gain, bias)
	return Add(wide(c.SaveForBackward(convolve(w))), PerChannel(c, shift))
}

// linear is an affine norm in evaluation mode: x * scale + shift, [c] each.
func linear(c *block.Ctx, gain, bias *Node) (scale, shift *Node) {
	mean, variance := c.Running()
	scale = Mul(gain, Rsqrt(AddScalar(variance, epsilon)))
	return scale, Sub(bias, Mul(mean, scale))
}

// folded multiplies the rows of a convolution's weights by the scale of the affine norm behind it;
// the norm's shift [c] remains.
func folded(c *block.Ctx, w []*Node, gain, bias *Node) (scaled []*Node, shift *Node) {
	scale, shift := linear(c, gain, bias)
	first := 0
	for _, rows := range w {
		n := rows.Shape().Dim(0)
		by := Reshape(Slice(scale, AxisRange(first, first+n)), n, 1)
		first += n
		scaled = append(scaled, Mul(rows, by))
	}
	return scaled, shift
}

// flat is a norm's view of an array as a matrix of channels and positions: [c, p], or [p, c] if the
// channels come last.
type flat struct {
	c                   *block.Ctx
	channels, positions int // positions in this device's part of the batch
	last                bool
}

func flatten(c *block.Ctx, x *Node) flat {
	axis := 0
	if x.Rank() == 4 {
		axis, _, _, _ = c.Lowering().Layout.Axes()
	}
	channels := x.Shape().Dim(axis)
	return flat{c, channels, x.Shape().Size() / channels, axis != 0}
}

// matrix reshapes an array into a float32 matrix.
func (f flat) matrix(x *Node) *Node {
	if f.last {
		return Reshape(wide(x), f.positions, f.channels)
	}
	return Reshape(wide(x), f.channels, f.positions)
}

// spread reshapes a vector [c] so that it broadcasts over the matrix.
func (f flat) spread(v *Node) *Node {
	if f.last {
		return Reshape(v, 1, f.channels)
	}
	return Reshape(v, f.channels, 1)
}

// column is spread for a vector [c]; a scalar [1] stays a scalar.
func (f flat) column(v *Node) *Node {
	if v.Shape().Size() == 1 {
		return Reshape(v, 1, 1)
	}
	return f.spread(v)
}

// mean averages each channel over the positions of all devices. Its result broadcasts over the
// matrix.
func (f flat) mean(x *Node) *Node {
	mean := f.c.Total(f.localMean(x))
	if n := f.c.Devices(); n > 1 {
		mean = MulScalar(mean, 1/float64(n))
	}
	return mean
}

// localMean averages each channel over the positions of this device. If positions are contiguous, a
// product with ones is two to three times faster on a CPU than XLA's reduction.
func (f flat) localMean(x *Node) *Node {
	if f.last {
		return f.spread(MulScalar(ReduceSum(x, 0), 1/float64(f.positions)))
	}
	ones := BroadcastToDims(ScalarOne(x.Graph(), x.DType()), f.positions)
	return MulScalar(f.spread(DotGeneral(x, []int{1}, nil, ones, []int{0}, nil)), 1/float64(f.positions))
}

// fast reports whether kernels compute the statistics. They can't sum over devices.
func (f flat) fast(x *Node) bool { return fast(f.c, x) && f.c.Devices() <= 1 }

// moments are the statistics of each channel over the batch. They have no gradient and broadcast
// over the matrix.
func (f flat) moments(x *Node) (mean, rstd, variance *Node) {
	all := f.matrix(StopGradient(x))
	if f.fast(x) {
		column := block.Floats(f.channels, 1)
		m := customcall.Call("moments", []int{epsilon * 1e6}, []*Node{all}, column, column, column)
		return f.c.Keep(m[0]), f.c.Keep(m[1]), m[2]
	}
	mean = f.mean(all)
	variance = MaxScalar(Sub(f.mean(Square(all)), Square(mean)), 0.0)
	rstd = Rsqrt(AddScalar(variance, epsilon))
	return f.c.Keep(mean), f.c.Keep(rstd), variance
}

// normalise is gain * (x - mean) * rstd + bias, differentiated through the statistics
// (arXiv:1502.03167, section 3). gain is [c], or [1] for all channels.
func (f flat) normalise(x, mean, rstd, gain, bias *Node) *Node {
	if f.fast(x) {
		return f.normKernel(x, mean, rstd, gain, bias)
	}
	d := x.Shape().Dimensions
	if gain.Shape().Size() == 1 {
		gain = BroadcastToDims(gain, f.channels)
	}
	all := f.matrix(StopGradient(x))
	column := f.spread(gain)
	normal := Mul(Sub(all, mean), rstd)
	y := Mul(normal, column)
	inputs := []*Node{x, gain}
	// means over all positions: of the cotangent, and of its product with the normalised value
	means := func(v *Node) (m, mn *Node) {
		v = f.matrix(v)
		m = f.mean(v)
		return m, Mul(rstd, Sub(f.mean(Mul(v, all)), Mul(mean, m)))
	}
	// positions of this device: the engine sums gradients of gain and bias over devices later
	p := float64(f.positions)
	gradients := []func(v *Node) *Node{
		func(v *Node) *Node {
			m, mn := means(v)
			return ConvertDType(Reshape(Mul(Mul(rstd, column), Sub(Sub(f.matrix(v), m), Mul(normal, mn))), d...), x.DType())
		},
		func(v *Node) *Node {
			_, mn := means(v)
			return Reshape(MulScalar(mn, p), f.channels)
		},
	}
	if bias != nil {
		y = Add(y, f.spread(bias))
		inputs = append(inputs, bias)
		gradients = append(gradients, func(v *Node) *Node {
			m, _ := means(v)
			return Reshape(MulScalar(m, p), f.channels)
		})
	}
	return block.CustomGradient(Reshape(y, d...), inputs, gradients...)
}

// scaled is x * scale [1]; nil is 1.
func scaled(c *block.Ctx, x, scale *Node) *Node {
	if scale == nil {
		return x
	}
	f := flatten(c, x)
	if f.fast(x) {
		return f.scaledKernel(x, scale)
	}
	by := Reshape(scale, 1, 1, 1, 1)
	return block.CustomGradient(Mul(wide(x), by), []*Node{x, scale},
		func(v *Node) *Node { return ConvertDType(Mul(v, by), x.DType()) },
		func(v *Node) *Node {
			return MulScalar(Reshape(ReduceAllSum(f.localMean(f.matrix(Mul(v, wide(x))))), 1), float64(f.positions))
		})
}

// NormWeights declares the gain [channels] and the bias [channels] of an AffineNorm.
func NormWeights(name string, channels int) []block.Weight {
	return []block.Weight{{Name: name + ".gain", Dims: []int{channels}, Fill: 1}, {Name: name + ".bias", Dims: []int{channels}}}
}
