package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// This file is what blocks see of images, arrays of rank 4, whose axes and numbers are as the
// engine's lowering says.

// Channels is how many channels images have.
func Channels(c *block.Ctx, x *Node) int { return size(c.Lowering().Layout, x).channels }

// Side is the height of images.
func Side(c *block.Ctx, x *Node) int { return size(c.Lowering().Layout, x).side }

// measures of images.
type measures struct{ channels, side, batch int }

func size(l block.Layout, x *Node) measures {
	d := x.Shape().Dimensions
	channel, height, width, batch := l.Axes()
	if len(d) != 4 || d[height] != d[width] {
		exceptions.Panicf("want square images, %s, got %s", l, x.Shape())
	}
	return measures{d[channel], d[height], d[batch]}
}

// SliceChannels are the channels from (the first is 0) to (not included).
func SliceChannels(c *block.Ctx, x *Node, from, to int) *Node {
	return on(c.Lowering().Layout, x, func(channel, _, _, _ *SliceAxisSpec) { *channel = AxisRange(from, to) })
}

// JoinChannels puts the channels of images behind each other.
func JoinChannels(c *block.Ctx, xs ...*Node) *Node {
	if len(xs) == 1 {
		return xs[0]
	}
	channel, _, _, _ := c.Lowering().Layout.Axes()
	return Concatenate(xs, channel)
}

// on slices the axes for which f says how.
func on(l block.Layout, x *Node, f func(channel, height, width, batch *SliceAxisSpec)) *Node {
	specs := []SliceAxisSpec{AxisRange(), AxisRange(), AxisRange(), AxisRange()}
	channel, height, width, batch := l.Axes()
	f(&specs[channel], &specs[height], &specs[width], &specs[batch])
	return Slice(x, specs...)
}

// PerChannel is a vector [channels] in a shape in which it spreads over images.
func PerChannel(c *block.Ctx, v *Node) *Node {
	return Reshape(v, c.Lowering().Layout.Dims(v.Shape().Size(), 1, 1, 1)...)
}

// PerImage is a vector [batch] in a shape in which it spreads over images.
func PerImage(c *block.Ctx, v *Node) *Node {
	return Reshape(v, c.Lowering().Layout.Dims(1, 1, 1, v.Shape().Size())...)
}

// Features are images of one pixel as vectors, [channels, batch] float32.
func Features(c *block.Ctx, x *Node) *Node {
	m := size(c.Lowering().Layout, x)
	if m.side != 1 {
		exceptions.Panicf("want images of one pixel, got %s", x.Shape())
	}
	if c.Lowering().Layout == block.NHWC {
		return wide(TransposeAllAxes(Reshape(x, m.batch, m.channels), 1, 0))
	}
	return wide(Reshape(x, m.channels, m.batch))
}

// GlobalPool is the mean over all positions, images to vectors [channels, batch] float32.
func GlobalPool(c *block.Ctx, x *Node) *Node {
	m := size(c.Lowering().Layout, x)
	if c.Lowering().Layout == block.NHWC {
		return TransposeAllAxes(ReduceMean(Reshape(wide(x), m.batch, m.side*m.side, m.channels), 1), 1, 0)
	}
	return ReduceMean(Reshape(wide(x), m.channels, m.side*m.side, m.batch), 1)
}

// Shuffle reads channels in k groups in turn (arXiv:1907.05737, section 3.2): channel i*k + g of
// the result is channel g*(c/k) + i of x, so that what one edge left out the next one sees.
// Unshuffle undoes it.
func Shuffle(c *block.Ctx, x *Node, k int) *Node   { return swap(c, x, k) }
func Unshuffle(c *block.Ctx, x *Node, k int) *Node { return swap(c, x, Channels(c, x)/k) }

// swap transposes the channels, seen as [rows, channels/rows].
func swap(c *block.Ctx, x *Node, rows int) *Node {
	m := size(c.Lowering().Layout, x)
	if rows == 1 || rows == m.channels {
		return x
	}
	channel, _, _, _ := c.Lowering().Layout.Axes()
	var dims, order []int
	for i, d := range x.Shape().Dimensions {
		if i == channel {
			order = append(order, len(dims)+1, len(dims))
			dims = append(dims, rows, d/rows)
			continue
		}
		order = append(order, len(dims))
		dims = append(dims, d)
	}
	return Reshape(TransposeAllAxes(Reshape(x, dims...), order...), x.Shape().Dimensions...)
}

// wide is x in float32, in which sums are computed.
func wide(x *Node) *Node { return ConvertDType(x, dtypes.Float32) }

// narrow is x as convolutions read it.
func narrow(c *block.Ctx, x *Node) *Node { return ConvertDType(x, c.Lowering().DType()) }

// Relu is max(x, 0).
func Relu(x *Node) *Node { return MaxScalar(x, 0.0) }
