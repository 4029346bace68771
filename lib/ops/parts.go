package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/customcall"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Parts are images whose channels lie in several arrays: States states, one after the other. With
// partial channels each state is a pair of arrays and is read shuffled in K groups (see Shuffle);
// otherwise K is 1. A 1x1 convolution can read parts without joining them first.
type Parts struct {
	Images    []*Node
	States, K int
}

// Whole returns one array as Parts.
func Whole(x *Node) Parts { return Parts{[]*Node{x}, 1, 1} }

// channels counts the channels of all states.
func (p Parts) channels(c *block.Ctx) (n int) {
	for _, x := range p.Images {
		n += Channels(c, x)
	}
	return
}

// Join concatenates the channels of all states, shuffled, into one array.
func (p Parts) Join(c *block.Ctx) *Node {
	each := len(p.Images) / p.States
	var states []*Node
	for i := range p.States {
		states = append(states, Shuffle(c, JoinChannels(c, p.Images[i*each:][:each]...), p.K))
	}
	return JoinChannels(c, states...)
}

// ReluPointwise is ReLU and a 1x1 convolution of parts with w [out, in], as a site of weights
// (block.Ctx.Site). The outputs are unshuffled in k groups; k = 1 leaves their order.
func ReluPointwise(c *block.Ctx, p Parts, w *Node, k int) *Node {
	if p.fast(c, 1, w.Shape().Dim(0)) {
		return c.Sites(p.Images, func(xs []*Node) *Node { return p.with(xs).pointwiseKernel(c, []*Node{w}, 1, true, k) })
	}
	return Unshuffle(c, c.Site(Relu(p.Join(c)), func(x *Node) *Node { return Pointwise(c, x, w) }), k)
}

// Split divides one state into its first shuffled channels, as many as first, and the rest.
func (p Parts) Split(c *block.Ctx, first int) []*Node {
	n := p.channels(c)
	if p.fast(c, 1, n) {
		return p.dealKernel(c, first, n-first)
	}
	all := p.Join(c)
	return []*Node{SliceChannels(c, all, 0, first), SliceChannels(c, all, first, n)}
}

func (p Parts) with(images []*Node) Parts {
	p.Images = images
	return p
}

// fast reports whether kernels can read parts by k x k windows and produce out channels.
func (p Parts) fast(c *block.Ctx, k, out int) bool {
	for _, x := range p.Images {
		if !fast(c, x) {
			return false
		}
	}
	// the gradient also reads the outputs by k x k windows
	return max(p.channels(c), out)*k*k <= customcall.MaxChannels
}

// pointwiseKernel multiplies k x k windows, padded with zeros, by w [out, k*k*in]. With two arrays
// of weights it multiplies the even pixels by the first and the odd ones by the second, and
// concatenates both outputs. The outputs are unshuffled in groups.
func (p Parts) pointwiseKernel(c *block.Ctx, w []*Node, k int, relu bool, groups int) *Node {
	m := size(block.CHWN, p.Images[0])
	in, out, halves := p.channels(c), len(w)*w[0].Shape().Dim(0), len(w)
	positive := 0
	if relu {
		positive = 1
	}
	rows := out / groups // as in Unshuffle
	if groups == 1 {
		rows = 1
	}
	numbers := []int{k, halves, k / 2, positive, halves, len(p.Images), p.K, in / p.States, rows}
	y := customcall.Call("pointwise", numbers, append(w[:halves:halves], p.Images...), block.Floats(out, m.side/halves, m.side/halves, m.batch))[0]
	inputs := append(p.Images[:len(p.Images):len(p.Images)], w...)
	var grads []func(v *Node) *Node
	ofImages := once(func(v *Node) []*Node {
		return inputGradients(c, "pointwise_pull", numbers, append(append(w[:halves:halves], v), p.Images...), p.Images...)
	})
	for i := range p.Images {
		if k == 1 {
			grads = append(grads, ofImages(i))
		} else { // convolves the cotangent with the mirrored weights
			grads = append(grads, func(v *Node) *Node {
				turned := Reverse(Reshape(w[0], out, k, k, in), 1, 2)
				return Whole(v).pointwiseKernel(c, []*Node{Reshape(TransposeAllAxes(turned, 3, 1, 2, 0), in, k*k*out)}, k, false, 1)
			})
		}
	}
	ofWeights := once(func(v *Node) []*Node {
		return customcall.Call("pointwise_weigh", numbers, append([]*Node{v}, p.Images...), shapesOf(w)...)
	})
	for i := range w {
		grads = append(grads, ofWeights(i))
	}
	return block.CustomGradient(y, inputs, grads...)
}

// dealKernel shuffles the channels and divides them into one array per part, which has that many
// channels.
func (p Parts) dealKernel(c *block.Ctx, parts ...int) []*Node {
	m := size(block.CHWN, p.Images[0])
	var as []shapes.Shape
	for _, n := range parts {
		as = append(as, block.Floats(n, m.side, m.side, m.batch))
	}
	y := customcall.Call("deal", []int{p.K, len(p.Images)}, p.Images, as...)
	back := once(func(v []*Node) []*Node {
		return inputGradients(c, "deal", []int{p.channels(c) / p.K, len(v)}, v, p.Images...)
	})
	var grads []func(v []*Node) *Node
	for i := range p.Images {
		grads = append(grads, back(i))
	}
	return block.CustomGradients(y, p.Images, grads...)
}

func shapesOf(nodes []*Node) (s []shapes.Shape) {
	for _, n := range nodes {
		s = append(s, n.Shape())
	}
	return
}
