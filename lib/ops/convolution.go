package ops

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// This file has convolutions as XLA's own, which a library for the device computes (cuDNN on a
// GPU): the ways that an engine may take instead of the sums of shifted images and the matrix
// products over patches in lowering.go. Their gradients are convolutions too, written here, because
// GoMLX makes one convolution for each channel of that of a grouped one.

// Ways of computing a convolution, which an engine races (block.Ctx.Way). Shifted comes first: it
// is taken where there is no race.
const (
	// sums of shifted images; of a full convolution, one matrix product over its patches
	shifted = "shifted"
	grouped = "grouped" // XLA's convolution with a group for each channel, and a pointwise one
	dense   = "dense"   // one full convolution; a depthwise and a pointwise one are merged into it
)

func (v conv) String() string {
	return fmt.Sprintf("%dx%d stride %d dilation %d pad %d", v.k, v.k, v.stride, v.dilation, v.pad)
}

// place names what a convolution of in to out channels is raced for.
func (v conv) place(what string, x *Node, out int) string {
	m := size(v.layout, x)
	return fmt.Sprintf("%s %s %d-%d %dx%d b%d", what, v, m.channels, out, m.side, m.side, m.batch)
}

// trial is a block of images as large as x and these weights, to race the ways of f.
func (v conv) trial(place string, x *Node, weights []block.Weight, f func(c *block.Ctx, x *Node, w []*Node) *Node) func() *block.Block {
	m := size(v.layout, x)
	return func() *block.Block {
		return &block.Block{
			Name: place, In: []shapes.Shape{block.Floats(m.channels, m.side, m.side, m.batch)}, Weights: weights,
			Fn: func(c *block.Ctx, in, w []*Node) []*Node {
				return []*Node{c.SaveForBackward(c.Site(in[0], func(x *Node) *Node { return f(c, x, w) }))}
			},
		}
	}
}

// separableWay is the way of separable.
func (v conv) separableWay(c *block.Ctx, x, dw, pw *Node) string {
	out, in := pw.Shape().Dim(0), pw.Shape().Dim(1)
	place := v.place("separable", x, out)
	return c.Way(place, []string{shifted, grouped, dense}, v.trial(place, x,
		[]block.Weight{{Name: "depthwise", Dims: []int{v.k, v.k, in}, Fan: v.k * v.k}, {Name: "pointwise", Dims: []int{out, in}, Fan: in}},
		func(c *block.Ctx, x *Node, w []*Node) *Node { return v.separable(c, x, w[0], w[1]) }))
}

// fullWay is the way of patches.
func (v conv) fullWay(c *block.Ctx, x, w *Node) string {
	out, all := w.Shape().Dim(0), w.Shape().Dim(1)
	place := v.place("full", x, out)
	return c.Way(place, []string{shifted, dense}, v.trial(place, x, []block.Weight{{Name: "weights", Dims: []int{out, all}, Fan: all}},
		func(c *block.Ctx, x *Node, w []*Node) *Node { return patches(c, x, w[0], v) }))
}

// merged is a depthwise convolution by dw [k, k, in] and a pointwise one by pw [out, in], as one
// kernel [k, k, in, out].
func (v conv) merged(c *block.Ctx, x, dw, pw *Node) *Node {
	out, in := pw.Shape().Dim(0), pw.Shape().Dim(1)
	w := Mul(Reshape(dw, v.k, v.k, in, 1), Reshape(TransposeAllAxes(pw, 1, 0), 1, 1, in, out))
	return v.convolve(c, x, w, 1)
}

// full is a convolution by w [out, k*k*in], the window's position first.
func (v conv) full(c *block.Ctx, x, w *Node) *Node {
	out := w.Shape().Dim(0)
	return v.convolve(c, x, Reshape(TransposeAllAxes(w, 1, 0), v.k, v.k, w.Shape().Dim(1)/(v.k*v.k), out), 1)
}

// group is depthwise with a group for each channel.
func (v conv) group(c *block.Ctx, x, w *Node) *Node {
	channels := w.Shape().Dim(2)
	return v.convolve(c, x, Reshape(w, v.k, v.k, 1, channels), channels)
}

// convolve is XLA's convolution by w [k, k, in/groups, out], with gradients that are convolutions.
// With groups there are as many as channels. In half precision the library adds up in float32 and
// rounds once, the gradient of w too.
func (v conv) convolve(c *block.Ctx, x, w *Node, groups int) *Node {
	x, half := narrow(c, x), narrow(c, w)
	h, n := v.side(x), v.out(v.side(x))
	channel, height, width, batch := v.layout.Axes()
	images := compute.ConvolveAxesConfig{
		InputBatch: batch, InputChannels: channel, InputSpatial: []int{height, width},
		KernelSpatial: []int{0, 1}, KernelInputChannels: 2, KernelOutputChannels: 3,
		OutputBatch: batch, OutputChannels: channel, OutputSpatial: []int{height, width},
	}
	reach := v.dilation * (v.k - 1) // of a window, beside its first pixel
	span := (n-1)*v.stride + 1      // of all windows' first pixels
	twice := func(x int) []int { return []int{x, x} }
	pads := func(lo, hi int) [][2]int { return [][2]int{{lo, hi}, {lo, hi}} }
	y := ConvGeneral(x, half, images, twice(v.stride), pads(v.pad, v.pad), twice(1), twice(v.dilation), groups, 1)
	return block.CustomGradient(y, []*Node{x, w},
		func(g *Node) *Node { // the mirrored kernel, from outputs to inputs, over g with gaps
			axes, back := images, Reverse(half, 0, 1)
			if groups == 1 {
				axes.KernelInputChannels, axes.KernelOutputChannels = 3, 2
			}
			lo := reach - v.pad
			return ConvGeneral(g, back, axes, twice(1), pads(lo, h+reach-span-lo), twice(v.stride), twice(v.dilation), groups, 1)
		},
		// g as a kernel over x: channels are the batch, and the batch is what is added up
		func(g *Node) *Node {
			axes := compute.ConvolveAxesConfig{
				InputBatch: channel, InputChannels: batch, InputSpatial: []int{height, width},
				KernelSpatial: []int{height, width}, KernelInputChannels: batch, KernelOutputChannels: channel,
				OutputSpatial: []int{0, 1}, OutputBatch: 2, OutputChannels: 3,
			}
			return wide(ConvGeneral(x, g, axes, twice(v.dilation), pads(v.pad, reach+span-h-v.pad), twice(1), twice(v.stride), 1, groups))
		})
}
