package ops

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Operation is one of the cell.Primitives for the shapes of its place in a network: images of Channels x Size x Size in,
// of Channels x Size/Stride x Size/Stride out.
type Operation struct {
	Name                   string
	Channels, Size, Stride int
	// Affine is how found networks have it: norms with gain and bias and running statistics, pools without norms. Search
	// networks have norms without parameters, after pools too.
	Affine bool
}

// shape of the operations with weights: one for each depthwise-pointwise pair, ReLU before and norm after it.
var separable = map[string][]conv{
	"sep_conv_3x3": {{k: 3, pad: 1, dilation: 1}, {k: 3, pad: 1, dilation: 1}},
	"sep_conv_5x5": {{k: 5, pad: 2, dilation: 1}, {k: 5, pad: 2, dilation: 1}},
	"dil_conv_3x3": {{k: 3, pad: 2, dilation: 2}},
	"dil_conv_5x5": {{k: 5, pad: 4, dilation: 2}},
}

func (o Operation) String() string {
	kind := ""
	if o.Affine {
		kind = " affine"
	}
	return fmt.Sprintf("%s %dx%dx%d s%d%s", o.Name, o.Channels, o.Size, o.Size, o.Stride, kind)
}

// Out is the side of the output.
func (o Operation) Out() int { return (o.Size + o.Stride - 1) / o.Stride }

// Identity says whether the operation hands its input on unchanged.
func (o Operation) Identity() bool { return o.Name == "skip_connect" && o.Stride == 1 }

// Weights are what Build takes, in its order.
func (o Operation) Weights() (w []block.Weight) {
	for i, v := range separable[o.Name] {
		n := o.Out() * o.Out()
		w = append(w,
			block.Weight{Name: fmt.Sprintf("depthwise%d", i), Dims: []int{v.k, v.k, o.Channels}, Fan: v.k * v.k, Positions: n},
			block.Weight{Name: fmt.Sprintf("pointwise%d", i), Dims: []int{o.Channels, o.Channels}, Fan: o.Channels, Positions: n})
		if o.Affine {
			w = append(w, NormWeights(fmt.Sprintf("norm%d", i), o.Channels)...)
		}
	}
	if o.Name == "skip_connect" && o.Stride == 2 {
		return FactorizedReduceWeights(o.Channels, o.Channels, o.Size, o.Affine)
	}
	return w
}

// NormWeights are the gain and bias of an AffineNorm.
func NormWeights(name string, channels int) []block.Weight {
	return []block.Weight{{Name: name + ".gain", Dims: []int{channels}, Fill: 1}, {Name: name + ".bias", Dims: []int{channels}}}
}

// Norms are the channels of the tracked norms, for block.Block.
func (o Operation) Norms() (n []int) {
	if !o.Affine {
		return nil
	}
	for range separable[o.Name] {
		n = append(n, o.Channels)
	}
	if o.Name == "skip_connect" && o.Stride == 2 {
		n = []int{o.Channels}
	}
	return n
}

// Build is the operation's output times scale ([1]; nil is 1).
func (o Operation) Build(c *block.Ctx, x *Node, w []*Node, scale *Node) *Node {
	return o.build(c, x, w, scale, false)
}

// build is Build. Where it makes the output of a call (last), a kernel adds it to the call's sum.
func (o Operation) build(c *block.Ctx, x *Node, w []*Node, scale *Node, last bool) *Node {
	if Channels(c, x) != o.Channels || Side(c, x) != o.Size {
		exceptions.Panicf("%s does not take %s", o, x.Shape())
	}
	switch {
	case o.Name == "max_pool_3x3":
		return o.pooled(c, MaxPooling(c, x, 3, o.Stride, 1), scale, last)
	case o.Name == "avg_pool_3x3":
		return o.pooled(c, AvgPooling(c, x, 3, o.Stride, 1), scale, last)
	case o.Identity():
		return scaled(c, x, scale, last)
	case o.Name == "skip_connect":
		return factorizedReduce(c, x, w, scale, o.Affine, last)
	}
	convs, ok := separable[o.Name]
	if !ok {
		exceptions.Panicf("unknown operation %q: want one of %v", o.Name, cell.Primitives)
	}
	stride := o.Stride
	convolve := func(v conv, x, dw, pw *Node) *Node { return v.separable(c, x, dw, pw) }
	for i, v := range convs {
		v.layout = c.Lowering().Layout
		v.stride, stride = stride, 1 // the first of two convolutions halves the size
		depth, point := w[0], w[1]
		w = w[2:]
		x = c.Save(c.Site(x, func(x *Node) *Node { return convolve(v, x, depth, point) }))
		switch f := flatten(c, x); {
		case o.Affine:
			x = AffineNorm(c, x, w[0], w[1])
			w = w[2:]
		case i == len(convs)-1:
			return norm(c, x, scale, last)
		case f.fast(x): // the next convolution reads the norm's values without anybody writing them down
			mean, rstd, _ := f.moments(x)
			convolve = func(v conv, x, dw, pw *Node) *Node { return v.normSeparableKernel(c, x, dw, pw, mean, rstd) }
		default:
			x = Norm(c, x, nil)
		}
	}
	return scaled(c, x, scale, last)
}

// pooled ends a pool: with a norm in search networks, so that no operation has an advantage by its scale.
func (o Operation) pooled(c *block.Ctx, x, scale *Node, last bool) *Node {
	if o.Affine {
		return scaled(c, x, scale, last)
	}
	return norm(c, x, scale, last)
}

// Relu is max(x, 0).
func Relu(x *Node) *Node { return MaxScalar(x, 0.0) }

// FactorizedReduceWeights are the two halves of the output channels, [out/2, in] each.
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

// FactorizedReduce halves the size without losing every other pixel: ReLU; one 1x1 convolution reads the even pixels, another the
// odd ones, each making half of the channels; norm.
func FactorizedReduce(c *block.Ctx, x *Node, w []*Node, scale *Node, affine bool) *Node {
	return factorizedReduce(c, x, w, scale, affine, false)
}

func factorizedReduce(c *block.Ctx, x *Node, w []*Node, scale *Node, affine, last bool) *Node {
	x = c.Save(ReduceHalves(c, Whole(x), w, 1))
	if affine {
		return scaled(c, AffineNorm(c, x, w[2], w[3]), scale, last)
	}
	return norm(c, x, scale, last)
}

// ReduceHalves is FactorizedReduce, of parts, before its norm. The outputs are unshuffled in k groups; 1 is not.
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

// Mixed is the operation as a block of a search network: image and mixing weight [1] in, their product's norm out.
func (o Operation) Mixed(batch int) *block.Block {
	return &block.Block{
		Name:    fmt.Sprintf("%s b%d", o, batch),
		In:      []shapes.Shape{block.Floats(o.Channels, o.Size, o.Size, batch), block.Floats(1)},
		Weights: o.Weights(),
		Fn: func(c *block.Ctx, in, w []*Node) []*Node {
			return []*Node{o.build(c, in[0], w, in[1], true)}
		},
	}
}

// Chosen is the operation as a block of a found network. With drop path it takes a second input, [b]: 0 for the images
// whose path is dropped, 1/(1-p) for the others; identities are never dropped.
func (o Operation) Chosen(batch int, drop bool) *block.Block {
	b := &block.Block{
		Name:    fmt.Sprintf("%s b%d", o, batch),
		In:      []shapes.Shape{block.Floats(o.Channels, o.Size, o.Size, batch)},
		Weights: o.Weights(),
		Norms:   o.Norms(),
	}
	if drop && !o.Identity() {
		b.Name += " drop"
		b.In, b.Const = append(b.In, block.Floats(batch)), 1
	}
	b.Fn = func(c *block.Ctx, in, w []*Node) []*Node {
		y := o.Build(c, in[0], w, nil)
		if len(in) > 1 {
			y = Mul(wide(y), PerImage(c, in[1]))
		}
		return []*Node{y}
	}
	return b
}
