package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// This file gives blocks access to images: arrays of rank 4 whose layout and precision the engine's
// lowering determines.

// Channels is the number of channels of images x. It panics if x is not a batch of square images.
func Channels(c *block.Ctx, x *Node) int { return size(c.Lowering().Layout, x).channels }

// Side is the height (and width) of images x in pixels. It panics like Channels.
func Side(c *block.Ctx, x *Node) int { return size(c.Lowering().Layout, x).side }

// measures are the dimensions of a batch of square images.
type measures struct{ channels, side, batch int }

func size(l block.Layout, x *Node) measures {
	d := x.Shape().Dimensions
	channel, height, width, batch := l.Axes()
	if len(d) != 4 || d[height] != d[width] {
		exceptions.Panicf("want square images, %s, got %s", l, x.Shape())
	}
	return measures{d[channel], d[height], d[batch]}
}

// SliceChannels returns the channels from <= i < to of images x.
func SliceChannels(c *block.Ctx, x *Node, from, to int) *Node {
	return on(c.Lowering().Layout, x, func(channel, _, _, _ *SliceAxisSpec) { *channel = AxisRange(from, to) })
}

// JoinChannels concatenates images [c_i, h, w, b] along the channels: [sum of c_i, h, w, b].
func JoinChannels(c *block.Ctx, xs ...*Node) *Node {
	if len(xs) == 1 {
		return xs[0]
	}
	channel, _, _, _ := c.Lowering().Layout.Axes()
	return Concatenate(xs, channel)
}

// on slices the axes that f specifies, and leaves the others whole.
func on(l block.Layout, x *Node, f func(channel, height, width, batch *SliceAxisSpec)) *Node {
	specs := []SliceAxisSpec{AxisRange(), AxisRange(), AxisRange(), AxisRange()}
	channel, height, width, batch := l.Axes()
	f(&specs[channel], &specs[height], &specs[width], &specs[batch])
	return Slice(x, specs...)
}

// PerChannel reshapes a vector [channels] so that it broadcasts over images.
func PerChannel(c *block.Ctx, v *Node) *Node {
	return Reshape(v, c.Lowering().Layout.Dims(v.Shape().Size(), 1, 1, 1)...)
}

// PerImage reshapes a vector [batch] so that it broadcasts over images.
func PerImage(c *block.Ctx, v *Node) *Node {
	return Reshape(v, c.Lowering().Layout.Dims(1, 1, 1, v.Shape().Size())...)
}

// Features reshapes images of one pixel into float32 vectors: [c, 1, 1, b] -> [c, b]. It panics if
// the images are larger.
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

// GlobalPool averages images over all positions into float32 vectors: [c, h, w, b] -> [c, b].
func GlobalPool(c *block.Ctx, x *Node) *Node {
	m := size(c.Lowering().Layout, x)
	if c.Lowering().Layout == block.NHWC {
		return TransposeAllAxes(ReduceMean(Reshape(wide(x), m.batch, m.side*m.side, m.channels), 1), 1, 0)
	}
	return ReduceMean(Reshape(wide(x), m.channels, m.side*m.side, m.batch), 1)
}

// Shuffle interleaves k groups of channels (arXiv:1907.05737, section 3.2): channel i*k + g of the
// result is channel g*(c/k) + i of x. The next edge thereby reads channels that the previous one
// left out. k must divide c.
func Shuffle(c *block.Ctx, x *Node, k int) *Node { return swap(c, x, k) }

// Unshuffle is the inverse of Shuffle.
func Unshuffle(c *block.Ctx, x *Node, k int) *Node { return swap(c, x, Channels(c, x)/k) }

// swap views the channels as a matrix [rows, channels/rows] and transposes it.
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

// wide converts x to float32, the precision of sums.
func wide(x *Node) *Node { return ConvertDType(x, dtypes.Float32) }

// narrow converts x to the precision of the lowering, in which convolutions read images.
func narrow(c *block.Ctx, x *Node) *Node { return ConvertDType(x, c.Lowering().DType()) }

// Relu is max(x, 0).
func Relu(x *Node) *Node { return MaxScalar(x, 0.0) }
