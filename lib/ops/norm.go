package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/customcall"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// epsilon is added to variances, PyTorch's default.
const epsilon = 1e-5

// Norm is batch normalisation without parameters, times scale (a mixing weight [1], or nil for 1),
// of images or of vectors [c, b]. It is what search networks use, always with the batch's own
// statistics. The scale belongs in here because its gradient, sum(v * normalised), is a number that
// the norm's own gradient needs anyway. Statistics and result are float32.
func Norm(c *block.Ctx, x, scale *Node) *Node {
	f := flatten(c, x)
	mean, rstd, _ := f.moments(x)
	if scale == nil {
		scale = Reshape(ScalarOne(x.Graph(), dtypes.Float32), 1)
	}
	return f.normalise(x, mean, rstd, scale, nil)
}

// AffineNorm is batch normalisation with gain and bias [c], which found networks use: it tracks
// running statistics (momentum 0.1, unbiased variance, as in PyTorch) and uses them in evaluation.
func AffineNorm(c *block.Ctx, x, gain, bias *Node) *Node {
	c.Whole("a norm's gain")
	if c.Evaluating() {
		mean, variance := c.Running()
		g := Mul(gain, Rsqrt(AddScalar(variance, epsilon)))
		b := Sub(bias, Mul(mean, g))
		return Add(Mul(wide(x), PerChannel(c, g)), PerChannel(c, b))
	}
	f := flatten(c, x)
	mean, rstd, variance := f.moments(x)
	n := float64(f.positions * c.Devices())
	c.Moments(Reshape(mean, f.channels), MulScalar(Reshape(variance, f.channels), n/(n-1)))
	return f.normalise(x, mean, rstd, gain, bias)
}

// flat is how a norm sees an array: as a matrix of channels and positions, [c, p], or [p, c] where
// the channels come last.
type flat struct {
	c                   *block.Ctx
	channels, positions int // positions of this device's part of the batch
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

// matrix is an array in float32.
func (f flat) matrix(x *Node) *Node {
	if f.last {
		return Reshape(wide(x), f.positions, f.channels)
	}
	return Reshape(wide(x), f.channels, f.positions)
}

// spread is a vector [c] in a shape in which it spreads over a matrix.
func (f flat) spread(v *Node) *Node {
	if f.last {
		return Reshape(v, 1, f.channels)
	}
	return Reshape(v, f.channels, 1)
}

// column is spread, and one number for all channels stays what it is.
func (f flat) column(v *Node) *Node {
	if v.Shape().Size() == 1 {
		return Reshape(v, 1, 1)
	}
	return f.spread(v)
}

// mean is that of every channel over all positions of all devices, spread.
func (f flat) mean(x *Node) *Node {
	mean := f.c.Total(f.own(x))
	if n := f.c.Devices(); n > 1 {
		mean = MulScalar(mean, 1/float64(n))
	}
	return mean
}

// own is the mean over this device's positions, spread. In rows, a product with ones is two to
// three times faster than XLA's reduction on a CPU.
func (f flat) own(x *Node) *Node {
	if f.last {
		return f.spread(MulScalar(ReduceSum(x, 0), 1/float64(f.positions)))
	}
	ones := BroadcastToDims(ScalarOne(x.Graph(), x.DType()), f.positions)
	return MulScalar(f.spread(DotGeneral(x, []int{1}, nil, ones, []int{0}, nil)), 1/float64(f.positions))
}

// fast says whether kernels compute statistics: they don't add up over devices.
func (f flat) fast(x *Node) bool { return fast(f.c, x) && f.c.Devices() <= 1 }

// moments are the batch's statistics of every channel, spread, without gradient.
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
	// means over all positions of the cotangent, and of its product with the normalised value
	means := func(v *Node) (m, mn *Node) {
		v = f.matrix(v)
		m = f.mean(v)
		return m, Mul(rstd, Sub(f.mean(Mul(v, all)), Mul(mean, m)))
	}
	// of this device: gradients of gain and bias are added up over the devices later
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
			return MulScalar(Reshape(ReduceAllSum(f.own(f.matrix(Mul(v, wide(x))))), 1), float64(f.positions))
		})
}

// NormWeights are the gain and bias of an AffineNorm.
func NormWeights(name string, channels int) []block.Weight {
	return []block.Weight{{Name: name + ".gain", Dims: []int{channels}, Fill: 1}, {Name: name + ".bias", Dims: []int{channels}}}
}
