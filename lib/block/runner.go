package block

import (
	"fmt"
	"sync/atomic"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Runner is the interface of networks, which are functions that make calls. A Plan records the
// calls, a Tape runs each as an executable of its own, and Fuse turns all of them into one graph.
type Runner interface {
	// Call runs b. With into, the outputs are added to these values, and into is returned.
	// Otherwise it returns new values. The label names the weights of the call
	// ("cell3/edge1/sep_conv_3x3"): calls of one label share them. Blocks without weights need no
	// label.
	Call(label string, b *Block, in, into []*Value) []*Value
}

// Value is the connection between calls: an array on the device, and in the backward pass its
// gradient. The zero Value is an empty sum for into.
type Value struct {
	array, gradient array
	first           *call // first call that adds to it
	held            bool  // outlives the tape's run; the caller owns it
	readers         atomic.Int32
	value, grad     slot

	node *Node // inside of Fuse
}

// NewValue wraps an array of any shape that the caller owns: images, labels, mixing weights. All
// devices read the same array; see Engine.Split.
func NewValue(t *tensors.Tensor) *Value {
	v := &Value{held: true}
	v.Set(t)
	return v
}

// Sums returns n empty sums.
func Sums(n int) []*Value {
	r := make([]*Value, n)
	for i := range r {
		r[i] = &Value{}
	}
	return r
}

// Hold keeps the value of a forward-only run until the tape is released, so that the caller can
// read it.
func (v *Value) Hold() *Value {
	v.held = true
	return v
}

// Tensor returns the first device's array in its declared shape, or nil before the tape has run.
// The tape owns it, or the caller of NewValue.
func (v *Value) Tensor() *tensors.Tensor { return v.array.first() }

// Images returns the batch of a vector whose parts belong to the devices' images: labels.
func (v *Value) Images() (n int) {
	for _, t := range v.array {
		n += t.Shape().Size()
	}
	return
}

// Tensors returns the arrays of all devices, one per device.
func (v *Value) Tensors() []*tensors.Tensor { return v.array }

// Set replaces the array of a value made by NewValue by one of the same shape and frees the old
// one.
func (v *Value) Set(t *tensors.Tensor) {
	if t == nil {
		v.set(nil)
	} else if t != v.array.first() {
		v.set(array{t})
	}
}

func (v *Value) set(a array) {
	v.array.free()
	v.array = a
}

// Take moves the array of another value to v and frees the old one.
func (v *Value) Take(from *Value) {
	v.set(from.array)
	from.array = nil
}

// TakeGradient turns the gradient into a value that the caller owns, or returns nil if no gradient
// arrived.
func (v *Value) TakeGradient() *Value {
	if v.gradient == nil {
		return nil
	}
	g := &Value{array: v.gradient, held: true}
	v.gradient = nil
	return g
}

// Floats copies the first device's array to the host, flat.
func (v *Value) Floats() []float32 { return floats(v.array.first()) }

// Gradient copies the gradient to the host, flat; it is nil if none arrived. It is the sum of the
// devices' gradients: for a value that all devices read (weights, mixing weights) each device
// contributes the part of its images.
func (v *Value) Gradient() []float32 { return v.gradient.total() }

// Gradients returns the gradients of the devices, one per device, or none if no gradient arrived.
func (v *Value) Gradients() []*tensors.Tensor { return v.gradient }

// DropGradient frees the gradient: the next backward pass starts from zero.
func (v *Value) DropGradient() {
	v.gradient.free()
	v.gradient = nil
}

// inline runs calls as parts of one graph.
type inline struct {
	c       *Ctx
	weights map[string][]*Node // by label
}

func (r *inline) Call(label string, b *Block, in, into []*Value) []*Value {
	nodes := make([]*Node, len(in))
	for i, v := range in {
		nodes[i] = v.node
	}
	out := b.Fn(r.c, nodes, r.weights[label])
	if into == nil {
		into = Sums(len(out))
	}
	for i, o := range out {
		into[i].node = plus(into[i].node, o)
	}
	return into
}

// Fuse turns a function that makes several calls into one block with one executable. Its weights
// are those of the calls in the order of their first use. in and constants are as in Block.
func Fuse(name string, in []shapes.Shape, constants int, f func(r Runner, in []*Value) []*Value) *Block {
	p := &Plan{}
	out := f(p, Sums(len(in)))
	b := &Block{Name: name, In: in, Const: constants, Outs: len(out)}
	owners := p.owners()
	for _, c := range owners {
		for _, w := range c.Block.Weights {
			w.Name = fmt.Sprint(c.Label, "/", w.Name)
			b.Weights = append(b.Weights, w)
		}
	}
	for _, c := range p.Calls {
		b.Norms = append(b.Norms, c.Block.Norms...)
		b.MACs += c.Block.MACs
	}
	b.Fn = func(c *Ctx, nodes, w []*Node) []*Node {
		values := Sums(len(nodes))
		for i, n := range nodes {
			values[i].node = n
		}
		r := &inline{c, map[string][]*Node{}}
		for _, o := range owners {
			n := len(o.Block.Weights)
			r.weights[o.Label], w = w[:n], w[n:]
		}
		out := f(r, values)
		outputs := make([]*Node, len(out))
		for i, v := range out {
			outputs[i] = v.node
		}
		return outputs
	}
	return b
}
