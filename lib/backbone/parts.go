package backbone

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/ops"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// This file contains the blocks around the edges: stem, preprocessing of a cell's inputs, pool,
// classifier, auxiliary tower.

// kind names the form of a block's norms and states.
func (w Backbone) kind() string {
	s := fmt.Sprintf("k%d b%d", w.Partial, w.Batch)
	if w.Affine {
		s += " affine"
	}
	return s
}

// stem is a 3x3 convolution and a norm with gain and bias, [image channels, h, h, b] -> [width, h,
// h, b].
func (w Backbone) stem(width int) *block.Block {
	in, h := w.ImageChannels, w.ImageSide
	b := &block.Block{
		Name:  fmt.Sprintf("stem %d->%dx%dx%d %s", in, width, h, h, w.kind()),
		In:    []shapes.Shape{block.Floats(in, h, h, w.Batch)},
		Const: 1,
		Weights: append([]block.Weight{{Name: "conv", Dims: []int{width, 9 * in}, Fan: 9 * in, Positions: h * h}},
			ops.NormWeights("norm", width)...),
	}
	if w.Affine {
		b.Norms = []int{width}
	}
	b.Fn = func(c *block.Ctx, in, v []*Node) []*Node {
		convolve := func(w []*Node) *Node {
			return c.Site(in[0], func(x *Node) *Node { return ops.Conv3x3(c, x, w[0]) })
		}
		if w.Affine {
			return []*Node{ops.ConvNorm(c, v[:1], v[1], v[2], convolve)}
		}
		x := c.SaveForBackward(convolve(v[:1]))
		// This is the only gain and bias of a search network. They need a site because the backward
		// pass has two parts.
		return []*Node{c.Site(ops.Norm(c, x, nil), func(x *Node) *Node {
			return Add(Mul(x, ops.PerChannel(c, v[1])), ops.PerChannel(c, v[2]))
		})}
	}
	return b
}

// halvings is the first part of StemImageNet: two 3x3 convolutions of stride 2 with norms, and ReLU
// between them, [image channels, h, h, b] -> [channels, h/4, h/4, b]. The first has half of the
// channels.
func (w Backbone) halvings() *block.Block {
	w.affine()
	in, h, half, out := w.ImageChannels, w.ImageSide, w.Channels/2, w.Channels
	ws := []block.Weight{{Name: "conv0", Dims: []int{half, 9 * in}, Fan: 9 * in, Positions: h / 2 * (h / 2)}}
	ws = append(ws, ops.NormWeights("norm0", half)...)
	ws = append(ws, block.Weight{Name: "conv1", Dims: []int{out, 9 * half}, Fan: 9 * half, Positions: h / 4 * (h / 4)})
	return &block.Block{
		Name:    fmt.Sprintf("stem0 %d->%d->%dx%dx%d %s", in, half, out, h/4, h/4, w.kind()),
		In:      []shapes.Shape{block.Floats(in, h, h, w.Batch)},
		Const:   1,
		Weights: append(ws, ops.NormWeights("norm1", out)...),
		Norms:   []int{half, out},
		Fn: func(c *block.Ctx, in, v []*Node) []*Node {
			halve := func(x *Node) func(w []*Node) *Node {
				return func(w []*Node) *Node {
					return c.Site(x, func(x *Node) *Node { return ops.Halving3x3(c, x, w[0]) })
				}
			}
			x := ops.Relu(ops.ConvNorm(c, v[:1], v[1], v[2], halve(in[0])))
			return []*Node{ops.ConvNorm(c, v[3:4], v[4], v[5], halve(x))}
		},
	}
}

// halving is the second part of StemImageNet: ReLU, a 3x3 convolution of stride 2, norm,
// [channels, h/4, h/4, b] -> [channels, h/8, h/8, b].
func (w Backbone) halving() *block.Block {
	channels, h := w.Channels, w.StemSide()
	return &block.Block{
		Name: fmt.Sprintf("stem1 %dx%dx%d %s", channels, h, h, w.kind()),
		In:   []shapes.Shape{block.Floats(channels, 2*h, 2*h, w.Batch)},
		Weights: append([]block.Weight{{Name: "conv", Dims: []int{channels, 9 * channels}, Fan: 9 * channels, Positions: h * h}},
			ops.NormWeights("norm", channels)...),
		Norms: []int{channels},
		Fn: func(c *block.Ctx, in, v []*Node) []*Node {
			return []*Node{ops.ConvNorm(c, v[:1], v[1], v[2], func(w []*Node) *Node {
				return c.Site(ops.Relu(in[0]), func(x *Node) *Node { return ops.Halving3x3(c, x, w[0]) })
			})}
		},
	}
}

// affine panics for search networks, which have no stem for ImageNet, and for images whose side is
// no multiple of the stem's reduction.
func (w Backbone) affine() {
	if !w.Affine {
		exceptions.Panicf("a search network can't have the stem %q, which belongs to found networks", w.Stem)
	}
	if w.ImageSide%(4*imageNetReduction) != 0 {
		exceptions.Panicf("the stem %q needs images whose side is a multiple of %d, got %d", w.Stem, 4*imageNetReduction, w.ImageSide)
	}
}

// shapes returns the shapes of a feature's values.
func (w Backbone) shapes(f Feature) (s []shapes.Shape) {
	for _, state := range f.States {
		channels := []int{f.Channels}
		if len(state) == 2 {
			channels = []int{f.Channels / w.Partial, f.Channels - f.Channels/w.Partial}
		}
		for _, c := range channels {
			s = append(s, block.Floats(c, f.Side, f.Side, w.Batch))
		}
	}
	return
}

// read returns the values of a feature, with pairs shuffled.
func (w Backbone) read(f Feature, in []*Node) ops.Parts {
	p := ops.Parts{Images: in, States: len(f.States), K: 1}
	if len(f.States[0]) == 2 {
		p.K = w.Partial
	}
	return p
}

// preprocess makes an input of a cell: ReLU, 1x1 convolution, norm; or a factorized reduce if the
// feature is twice as large.
func (w Backbone) preprocess(f Feature, p Place) *block.Block {
	in, out := len(f.States)*f.Channels, p.Channels
	reduce := f.Side != p.In
	kept := p.In * p.In
	b := &block.Block{
		Name: fmt.Sprintf("preprocess %dx%dx%dx%d->%dx%dx%d parts%d %s", len(f.States), f.Channels, f.Side, f.Side, out, p.In, p.In, len(f.States[0]), w.kind()),
		In:   w.shapes(f),
		Outs: w.parts(),
	}
	switch {
	case !reduce:
		b.Weights = []block.Weight{{Name: "conv", Dims: []int{out, in}, Fan: in, Positions: kept}}
		if w.Affine {
			b.Weights = append(b.Weights, ops.NormWeights("norm", out)...)
		}
	case f.Side%2 == 0 && p.In == f.Side/2:
		b.Weights = ops.FactorizedReduceWeights(in, out, f.Side, w.Affine)
	default:
		exceptions.Panicf("cell %d: images of side %d can't be halved to %d; the side must be a multiple of 4", p.Index, f.Side, p.In)
	}
	if w.Affine {
		b.Norms = []int{out}
	}
	b.Fn = func(c *block.Ctx, nodes, v []*Node) []*Node {
		convolve := func(v []*Node) *Node {
			if reduce {
				return ops.ReduceHalves(c, w.read(f, nodes), v, w.Partial) // readers shuffle every state
			}
			return ops.ReluPointwise(c, w.read(f, nodes), v[0], w.Partial)
		}
		var x *Node
		if w.Affine {
			n := len(v) - 2
			x = ops.ConvNorm(c, v[:n], v[n], v[n+1], convolve)
		} else {
			x = ops.Norm(c, c.SaveForBackward(convolve(v)), nil)
		}
		if w.Partial == 1 {
			return []*Node{x}
		}
		k := out / w.Partial
		return []*Node{ops.SliceChannels(c, x, 0, k), ops.SliceChannels(c, x, k, out)}
	}
	return b
}

// pool averages over all positions: a feature -> [states*channels, b].
func (w Backbone) pool(f Feature) *block.Block {
	return &block.Block{
		Name: fmt.Sprintf("pool %dx%dx%dx%d %s", len(f.States), f.Channels, f.Side, f.Side, w.kind()),
		In:   w.shapes(f),
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			return []*Node{ops.GlobalPool(c, w.read(f, in).Join(c))}
		},
	}
}

// linear is a fully connected layer, [in, b] -> [out, b].
func linear(c *block.Ctx, x, weights, bias *Node) *Node {
	return c.Site(x, func(x *Node) *Node {
		return Add(DotGeneral(weights, []int{1}, nil, x, []int{0}, nil), Reshape(bias, -1, 1))
	})
}

func linearWeights(in, out int) []block.Weight {
	return []block.Weight{{Name: "linear", Dims: []int{out, in}, Fan: in, Positions: 1}, {Name: "bias", Dims: []int{out}, Fan: in}}
}

// classifier is a linear layer, features [in, b] -> logits [classes, b].
func (w Backbone) classifier(in int) *block.Block {
	b := &block.Block{
		Name:    fmt.Sprintf("classifier %d->%d b%d", in, w.Classes, w.Batch),
		In:      []shapes.Shape{block.Floats(in, w.Batch)},
		Weights: linearWeights(in, w.Classes),
		Fn: func(c *block.Ctx, in, v []*Node) []*Node {
			return []*Node{linear(c, in[0], v[0], v[1])}
		},
	}
	if w.Probe {
		b.Name += " probe"
		b.Const = 1
	}
	return b
}

// auxiliary is the tower of arXiv:1806.09055 (after Inception): ReLU, 5x5 average pool to 2x2, 1x1
// and 2x2 convolutions with norms, linear layer; a feature -> logits [classes, b]. The stride of
// the pool is chosen such that 2x2 remain: 3 at 8x8, as in the reference.
func (w Backbone) auxiliary(f Feature) *block.Block {
	in, a, z := len(f.States)*f.Channels, w.Auxiliary[0], w.Auxiliary[1]
	if f.Side < 6 {
		exceptions.Panicf("an auxiliary tower pools 5x5 windows to 2x2, and needs images of 6x6 or more there, got %dx%d", f.Side, f.Side)
	}
	ws := []block.Weight{{Name: "conv0", Dims: []int{a, in}, Fan: in, Positions: 4}}
	ws = append(ws, ops.NormWeights("norm0", a)...)
	ws = append(ws, block.Weight{Name: "conv1", Dims: []int{z, 4 * a}, Fan: 4 * a, Positions: 1})
	ws = append(ws, ops.NormWeights("norm1", z)...)
	return &block.Block{
		Name:    fmt.Sprintf("auxiliary %dx%dx%dx%d %d %d->%d %s", len(f.States), f.Channels, f.Side, f.Side, a, z, w.Classes, w.kind()),
		In:      w.shapes(f),
		Weights: append(ws, linearWeights(z, w.Classes)...),
		Norms:   []int{a, z},
		Fn: func(c *block.Ctx, nodes, v []*Node) []*Node {
			x := ops.AvgPooling(c, ops.Relu(w.read(f, nodes).Join(c)), 5, f.Side-5, 0)
			x = c.SaveForBackward(c.Site(x, func(x *Node) *Node { return ops.Pointwise(c, x, v[0]) }))
			x = ops.Relu(ops.AffineNorm(c, x, v[1], v[2]))
			x = c.SaveForBackward(c.Site(x, func(x *Node) *Node { return ops.ConvValid(c, x, v[3], 2) }))
			x = ops.Relu(ops.AffineNorm(c, x, v[4], v[5]))
			return []*Node{linear(c, ops.Features(c, x), v[6], v[7])}
		},
	}
}
