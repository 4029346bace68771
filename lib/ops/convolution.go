package ops

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// This file expresses convolutions by XLA's convolution, which a device library computes (cuDNN on
// a GPU). They are alternatives to the sums of shifted images and the patch products of
// lowering.go. Their gradients are written here as convolutions: GoMLX would split the gradient of
// a grouped convolution into one convolution per channel.

// Ways of computing a convolution, which an engine races (block.Ctx.Way). Without a race the first
// one, shifted, is used.
const (
	// sums of shifted images, or for a full convolution one matrix product over its patches
	shifted = "shifted"
	grouped = "grouped" // XLA's convolution with one group per channel, then a pointwise one
	dense   = "dense"   // one full convolution, which merges a depthwise and a pointwise one
)

func (v conv) String() string {
	return fmt.Sprintf("%dx%d stride %d dilation %d pad %d", v.k, v.k, v.stride, v.dilation, v.pad)
}

// place names the place of a race: a convolution of the images x to out channels.
func (v conv) place(what string, x *Node, out int) string {
	m := size(v.layout, x)
	return fmt.Sprintf("%s %s %d-%d %dx%d b%d", what, v, m.channels, out, m.side, m.side, m.batch)
}

// trial returns a block for the race of f's ways: f on images of x's shape with these weights.
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

// separableWay selects the way of separable.
func (v conv) separableWay(c *block.Ctx, x, dw, pw *Node) string {
	out, in := pw.Shape().Dim(0), pw.Shape().Dim(1)
	place := v.place("separable", x, out)
	return c.Way(place, []string{shifted, grouped, dense}, v.trial(place, x,
		[]block.Weight{{Name: "depthwise", Dims: []int{v.k, v.k, in}, Fan: v.k * v.k}, {Name: "pointwise", Dims: []int{out, in}, Fan: in}},
		func(c *block.Ctx, x *Node, w []*Node) *Node { return v.separable(c, x, w[0], w[1]) }))
}

// fullWay selects the way of patches.
func (v conv) fullWay(c *block.Ctx, x, w *Node) string {
	out, all := w.Shape().Dim(0), w.Shape().Dim(1)
	place := v.place("full", x, out)
	return c.Way(place, []string{shifted, dense}, v.trial(place, x, []block.Weight{{Name: "weights", Dims: []int{out, all}, Fan: all}},
		func(c *block.Ctx, x *Node, w []*Node) *Node { return patches(c, x, w[0], v) }))
}

// merged merges a depthwise convolution dw [k, k, in] and a pointwise one pw [out, in] into one
// kernel [k, k, in, out].
func (v conv) merged(c *block.Ctx, x, dw, pw *Node) *Node {
	out, in := pw.Shape().Dim(0), pw.Shape().Dim(1)
	w := Mul(Reshape(dw, v.k, v.k, in, 1), Reshape(TransposeAllAxes(pw, 1, 0), 1, 1, in, out))
	return v.convolve(c, x, w, 1)
}

// full convolves x with w [out, k*k*in], whose second axis has the window's position first.
func (v conv) full(c *block.Ctx, x, w *Node) *Node {
	out := w.Shape().Dim(0)
	return v.convolve(c, x, Reshape(TransposeAllAxes(w, 1, 0), v.k, v.k, w.Shape().Dim(1)/(v.k*v.k), out), 1)
}

// group is depthwise as a grouped convolution with one group per channel.
func (v conv) group(c *block.Ctx, x, w *Node) *Node {
	channels := w.Shape().Dim(2)
	return v.convolve(c, x, Reshape(w, v.k, v.k, 1, channels), channels)
}

// convolve is XLA's convolution with w [k, k, in/groups, out]; its gradients are convolutions too.
// groups is 1 or the number of channels. In half precision the library accumulates in float32 and
// rounds once, for the gradient of w as well.
func (v conv) convolve(c *block.Ctx, x, w *Node, groups int) *Node {
	x, half := narrow(c, x), narrow(c, w)
	h, n := v.side(x), v.out(v.side(x))
	channel, height, width, batch := v.layout.Axes()
	images := compute.ConvolveAxesConfig{
		InputBatch: batch, InputChannels: channel, InputSpatial: []int{height, width},
		KernelSpatial: []int{0, 1}, KernelInputChannels: 2, KernelOutputChannels: 3,
		OutputBatch: batch, OutputChannels: channel, OutputSpatial: []int{height, width},
	}
	reach := v.dilation * (v.k - 1) // pixels of a window after its first
	span := (n-1)*v.stride + 1      // distance of the first pixels of the outer windows, plus 1
	twice := func(x int) []int { return []int{x, x} }
	pads := func(lo, hi int) [][2]int { return [][2]int{{lo, hi}, {lo, hi}} }
	y := ConvGeneral(x, half, images, twice(v.stride), pads(v.pad, v.pad), twice(1), twice(v.dilation), groups, 1)
	return block.CustomGradient(y, []*Node{x, w},
		func(g *Node) *Node { // convolves the dilated g with the mirrored kernel
			axes, back := images, Reverse(half, 0, 1)
			if groups == 1 {
				axes.KernelInputChannels, axes.KernelOutputChannels = 3, 2
			}
			lo := reach - v.pad
			return ConvGeneral(g, back, axes, twice(1), pads(lo, h+reach-span-lo), twice(v.stride), twice(v.dilation), groups, 1)
		},
		// g is the kernel over x: the channels take the place of the batch, and the sum runs over
		// the batch
		func(g *Node) *Node {
			axes := compute.ConvolveAxesConfig{
				InputBatch: channel, InputChannels: batch, InputSpatial: []int{height, width},
				KernelSpatial: []int{height, width}, KernelInputChannels: batch, KernelOutputChannels: channel,
				OutputSpatial: []int{0, 1}, OutputBatch: 2, OutputChannels: 3,
			}
			return wide(ConvGeneral(x, g, axes, twice(v.dilation), pads(v.pad, reach+span-h-v.pad), twice(1), twice(v.stride), 1, groups))
		})
}
