package ops

import (
	"github.com/essnas/essnas/lib/block"
	. "github.com/gomlx/gomlx/core/graph"
)

// epsilon is added to variances, PyTorch's default.
const epsilon = 1e-5

// Norm is batch normalisation without parameters, times scale (a mixing weight [1], or nil for 1), [c, h, w, b]. It is what
// search networks use, always with the batch's own statistics. The scale belongs in here because its gradient,
// sum(v * normalised), is a number that the norm's own gradient needs anyway.
func Norm(c *block.Ctx, x, scale *Node) *Node {
	mean, rstd, _ := moments(c, x)
	channels := x.Shape().Dim(0)
	gain := BroadcastToDims(ScalarOne(x.Graph(), x.DType()), channels)
	if scale != nil {
		gain = BroadcastToDims(scale, channels)
	}
	return normalise(c, x, mean, rstd, gain, nil)
}

// AffineNorm is batch normalisation with gain and bias [c], which found networks use: it tracks running statistics
// (momentum 0.1, unbiased variance, as in PyTorch) and uses them in evaluation.
func AffineNorm(c *block.Ctx, x, gain, bias *Node) *Node {
	c.Whole("a norm's gain")
	channels := x.Shape().Dim(0)
	if c.Evaluating() {
		mean, variance := c.Running()
		g := Mul(gain, Rsqrt(AddScalar(variance, epsilon)))
		b := Sub(bias, Mul(mean, g))
		return Add(Mul(x, Reshape(g, channels, 1, 1, 1)), Reshape(b, channels, 1, 1, 1))
	}
	mean, rstd, variance := moments(c, x)
	n := float64(x.Shape().Size() / channels * c.Devices())
	c.Moments(Reshape(mean, channels), MulScalar(Reshape(variance, channels), n/(n-1)))
	return normalise(c, x, mean, rstd, gain, bias)
}

// moments are the batch's statistics of every channel, [c, 1], without gradient.
func moments(c *block.Ctx, x *Node) (mean, rstd, variance *Node) {
	flat := Reshape(StopGradient(x), x.Shape().Dim(0), -1)
	mean = batchMean(c, flat)
	variance = MaxScalar(Sub(batchMean(c, Square(flat)), Square(mean)), 0.0)
	rstd = Rsqrt(AddScalar(variance, epsilon))
	return c.Keep(mean), c.Keep(rstd), variance
}

// normalise is gain * (x - mean) * rstd + bias, differentiated through the statistics (arXiv:1502.03167, section 3).
func normalise(c *block.Ctx, x, mean, rstd, gain, bias *Node) *Node {
	d := x.Shape().Dimensions
	flat := Reshape(StopGradient(x), d[0], -1) // [c, p]
	p := float64(d[1] * d[2] * d[3])           // of this device: gradients of gain and bias are added up over the devices later
	column := Reshape(gain, d[0], 1)
	normal := Mul(Sub(flat, mean), rstd)
	y := Mul(normal, column)
	inputs := []*Node{x, gain}
	// means over all positions of the cotangent, and of its product with the normalised value
	means := func(v *Node) (m, mn *Node) {
		v = Reshape(v, d[0], -1)
		m = batchMean(c, v)
		return m, Mul(rstd, Sub(batchMean(c, Mul(v, flat)), Mul(mean, m)))
	}
	gradients := []func(v *Node) *Node{
		func(v *Node) *Node {
			m, mn := means(v)
			return Reshape(Mul(Mul(rstd, column), Sub(Sub(Reshape(v, d[0], -1), m), Mul(normal, mn))), d...)
		},
		func(v *Node) *Node {
			_, mn := means(v)
			return Reshape(MulScalar(mn, p), d[0])
		},
	}
	if bias != nil {
		y = Add(y, Reshape(bias, d[0], 1))
		inputs = append(inputs, bias)
		gradients = append(gradients, func(v *Node) *Node {
			m, _ := means(v)
			return Reshape(MulScalar(m, p), d[0])
		})
	}
	return block.CustomGradient(Reshape(y, d...), inputs, gradients...)
}

// batchMean is the mean over the last axis of [c, p] and over the devices, each of which has a part of the batch.
func batchMean(c *block.Ctx, x *Node) *Node {
	mean := c.Total(rowMean(x))
	if n := c.Devices(); n > 1 {
		mean = MulScalar(mean, 1/float64(n))
	}
	return mean
}

// rowMean is the mean over the last axis of [c, p], as [c, 1]. A product with ones is two to three times faster than XLA's
// reduction on a CPU.
func rowMean(x *Node) *Node {
	d := x.Shape().Dimensions
	ones := BroadcastToDims(ScalarOne(x.Graph(), x.DType()), d[1])
	return MulScalar(Reshape(DotGeneral(x, []int{1}, nil, ones, []int{0}, nil), d[0], 1), 1/float64(d[1]))
}

// scaled is x * scale [1]; nil is 1.
func scaled(x, scale *Node) *Node {
	if scale == nil {
		return x
	}
	d := x.Shape().Dimensions
	by := Reshape(scale, 1, 1, 1, 1)
	return block.CustomGradient(Mul(x, by), []*Node{x, scale},
		func(v *Node) *Node { return Mul(v, by) },
		func(v *Node) *Node {
			flat := Reshape(Mul(v, x), d[0], -1)
			return MulScalar(Reshape(ReduceAllSum(rowMean(flat)), 1), float64(d[1]*d[2]*d[3]))
		})
}
