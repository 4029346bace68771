package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// skip is the identity at stride 1, and a factorized reduce at stride 2.
type skip struct{ weighted }

func (skip) weights(o Operation, _ []cell.Window) []block.Weight {
	if o.Stride == 1 {
		return nil
	}
	return FactorizedReduceWeights(o.Channels, o.Channels, o.Size, o.Affine)
}

func (skip) norms(o Operation, _ []cell.Window) []int {
	if o.Stride == 1 {
		return nil
	}
	return []int{o.Channels}
}

// saves is close to zero: an identity saves its input, which other operations save as well.
func (skip) saves([]cell.Window) float64 { return 0.1 }

func (skip) build(o Operation, _ []cell.Window, c *block.Ctx, x *Node, w []*Node, scale *Node) *Node {
	if o.Stride == 1 {
		return scaled(c, x, scale)
	}
	return FactorizedReduce(c, x, w, scale, o.Affine)
}

// FactorizedReduceWeights declares the weights of FactorizedReduce: two arrays [out/2, in], one per
// half of the output channels, and the norm's if affine. size is the side of the input in pixels.
func FactorizedReduceWeights(in, out, size int, affine bool) []block.Weight {
	n := size * size / 4
	w := []block.Weight{
		{Name: "even", Dims: []int{out / 2, in}, Fan: in, Positions: n},
		{Name: "odd", Dims: []int{out / 2, in}, Fan: in, Positions: n},
	}
	if affine {
		w = append(w, NormWeights("norm", out)...)
	}
	return w
}

// FactorizedReduce halves the size of images: [in, h, h, b] -> [out, h/2, h/2, b]. After a ReLU,
// one 1x1 convolution reads the pixels of even rows and columns, another those of odd rows and
// columns. Each produces half of the channels. A norm times scale follows. It panics if h is odd.
func FactorizedReduce(c *block.Ctx, x *Node, w []*Node, scale *Node, affine bool) *Node {
	reduce := func(w []*Node) *Node { return ReduceHalves(c, Whole(x), w, 1) }
	if affine {
		return scaled(c, ConvNorm(c, w[:2], w[2], w[3], reduce), scale)
	}
	return Norm(c, c.SaveForBackward(reduce(w[:2])), scale)
}

// ReduceHalves is FactorizedReduce of parts, without the norm. The outputs are unshuffled in k
// groups; k = 1 leaves their order. It panics if the side is odd.
func ReduceHalves(c *block.Ctx, p Parts, w []*Node, k int) *Node {
	h := Side(c, p.Images[0])
	if h%2 != 0 {
		exceptions.Panicf("factorized reduce halves an even size, got %s", p.Images[0].Shape())
	}
	if p.fast(c, 1, 2*w[0].Shape().Dim(0)) {
		return c.Sites(p.Images, func(xs []*Node) *Node { return p.with(xs).pointwiseKernel(c, w[:2], 1, true, k) })
	}
	v := conv{layout: c.Lowering().Layout}
	return Unshuffle(c, c.Site(Relu(p.Join(c)), func(x *Node) *Node {
		return JoinChannels(c, Pointwise(c, v.window(x, 0, 0, h/2, 2), w[0]), Pointwise(c, v.window(x, 1, 1, h/2, 2), w[1]))
	}), k)
}
