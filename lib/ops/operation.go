package ops

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Operation is one of cell.Operations at a place in a network. It maps images [Channels, Size,
// Size, b] to [Channels, Size/Stride, Size/Stride, b].
type Operation struct {
	Name                   string
	Channels, Size, Stride int
	// Affine selects the form of found networks: norms have gain, bias and running statistics, and
	// pools have no norm. In search networks norms have no parameters, and a norm follows each
	// pool.
	Affine bool
}

// kind implements all operations of one cell.Kind. These differ in their windows.
type kind interface {
	// weights lists the arguments w of build, in order.
	weights(o Operation, windows []cell.Window) []block.Weight
	// norms lists the channels of the tracked norms of an affine operation.
	norms(o Operation, windows []cell.Window) []int
	// build computes the operation's output times scale ([1]; nil is 1).
	build(o Operation, windows []cell.Window, c *block.Ctx, x *Node, w []*Node, scale *Node) *Node
	// macs counts the multiply-adds per image that involve no weights.
	macs(o Operation) int
	// saves estimates the memory saved for the backward pass, in arrays of the output's size.
	saves(windows []cell.Window) float64
}

// kinds returns the implementation of a kind, or nil for a kind that computes nothing.
func kinds(k cell.Kind) kind {
	switch k {
	case cell.MaxPool:
		return maxPool{}
	case cell.AveragePool:
		return averagePool{}
	case cell.Identity:
		return skip{}
	case cell.Separable:
		return separable{}
	case cell.CapsuleDynamic, cell.CapsuleEM, cell.CapsuleSelf:
		return capsule{k}
	}
	return nil
}

// weighted marks kinds that multiply inputs by weights only.
type weighted struct{}

func (weighted) macs(Operation) int { return 0 }

// lookup panics for an unknown name, and for the operation "none", which computes nothing.
func lookup(name string) (kind, []cell.Window) {
	o, ok := cell.Lookup(name)
	k := kinds(o.Kind)
	if !ok || k == nil {
		exceptions.Panicf("unknown operation %q: want one of %v", name, cell.Operations()[1:])
	}
	return k, o.Windows
}

func (o Operation) String() string {
	kind := ""
	if o.Affine {
		kind = " affine"
	}
	return fmt.Sprintf("%s %dx%dx%d s%d%s", o.Name, o.Channels, o.Size, o.Size, o.Stride, kind)
}

// Out is the side of the output in pixels.
func (o Operation) Out() int { return (o.Size + o.Stride - 1) / o.Stride }

// Identity reports whether the operation returns its input unchanged.
func (o Operation) Identity() bool { return cell.IsSkip(o.Name) && o.Stride == 1 }

// Weights lists the weights that Build takes, in order. It panics if Name is unknown.
func (o Operation) Weights() []block.Weight {
	k, windows := lookup(o.Name)
	return k.weights(o, windows)
}

// Norms lists the channels of the tracked norms (block.Block.Norms). It is empty without Affine,
// and panics if Name is unknown.
func (o Operation) Norms() []int {
	if !o.Affine {
		return nil
	}
	k, windows := lookup(o.Name)
	return k.norms(o, windows)
}

// Cost counts the weights, and the multiply-adds for one image. It panics if Name is unknown.
func (o Operation) Cost() (weights, macs int) {
	for _, w := range o.Weights() {
		weights += w.Size()
		macs += w.Size() * w.Positions
	}
	return weights, macs + o.macs()
}

func (o Operation) macs() int {
	k, _ := lookup(o.Name)
	return k.macs(o)
}

// SavedArrays estimates the memory that an operation saves for the backward pass, in arrays of the
// output's size. It is 0 for "none", and panics if name is unknown.
func SavedArrays(name string) float64 {
	if cell.IsNone(name) {
		return 0
	}
	k, windows := lookup(name)
	return k.saves(windows)
}

// Build computes the operation's output times scale ([1]; nil is 1) for images x and weights w, in
// the order of Weights. It panics if Name is unknown or if x has not the operation's shape.
func (o Operation) Build(c *block.Ctx, x *Node, w []*Node, scale *Node) *Node {
	if Channels(c, x) != o.Channels || Side(c, x) != o.Size {
		exceptions.Panicf("%s does not take %s", o, x.Shape())
	}
	k, windows := lookup(o.Name)
	return k.build(o, windows, c, x, w, scale)
}

// Mixed is the operation as a block of a search network. Its inputs are images and a mixing weight
// [1]; the output is scaled by the weight.
func (o Operation) Mixed(batch int) *block.Block {
	return &block.Block{
		Name:    fmt.Sprintf("%s b%d", o, batch),
		In:      []shapes.Shape{block.Floats(o.Channels, o.Size, o.Size, batch), block.Floats(1)},
		Weights: o.Weights(),
		MACs:    o.macs(),
		Fn: func(c *block.Ctx, in, w []*Node) []*Node {
			return []*Node{o.Build(c, in[0], w, in[1])}
		},
	}
}

// Chosen is the operation as a block of a found network. With drop path, the block has a second
// input [b]: 0 for images whose path is dropped, 1/(1-p) for the others. Identities are never
// dropped.
func (o Operation) Chosen(batch int, drop bool) *block.Block {
	b := &block.Block{
		Name:    fmt.Sprintf("%s b%d", o, batch),
		In:      []shapes.Shape{block.Floats(o.Channels, o.Size, o.Size, batch)},
		Weights: o.Weights(),
		Norms:   o.Norms(),
		MACs:    o.macs(),
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
