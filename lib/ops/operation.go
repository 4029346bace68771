package ops

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Operation is one of cell.Operations for the shapes of its place in a network: images of Channels
// x Size x Size in, of Channels x Size/Stride x Size/Stride out.
type Operation struct {
	Name                   string
	Channels, Size, Stride int
	// Affine is how found networks have it: norms with gain and bias and running statistics, pools
	// without norms. Search networks have norms without parameters, after pools too.
	Affine bool
}

// kind is what all operations of one cell.Kind have in common. They differ in their windows.
type kind interface {
	// weights are what build takes, in its order.
	weights(o Operation, windows []cell.Window) []block.Weight
	// norms are the channels of the tracked norms where the operation is affine.
	norms(o Operation, windows []cell.Window) []int
	// build is the operation's output times scale ([1]; nil is 1).
	build(o Operation, windows []cell.Window, c *block.Ctx, x *Node, w []*Node, scale *Node) *Node
	// macs are the multiply-adds of one image beside those of the weights.
	macs(o Operation) int
	// saves ranks what is kept for the backward pass, in arrays of the output's size.
	saves(windows []cell.Window) float64
}

// kinds has a line for each kind of operation that computes.
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

// weighted is a kind of operation that multiplies inputs by weights only.
type weighted struct{}

func (weighted) macs(Operation) int { return 0 }

// lookup panics at a name that no operation has, and at an operation that computes nothing.
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

// Out is the side of the output.
func (o Operation) Out() int { return (o.Size + o.Stride - 1) / o.Stride }

// Identity says whether the operation hands its input on unchanged.
func (o Operation) Identity() bool { return cell.IsSkip(o.Name) && o.Stride == 1 }

// Weights are what Build takes, in its order.
func (o Operation) Weights() []block.Weight {
	k, windows := lookup(o.Name)
	return k.weights(o, windows)
}

// Norms are the channels of the tracked norms, for block.Block.
func (o Operation) Norms() []int {
	if !o.Affine {
		return nil
	}
	k, windows := lookup(o.Name)
	return k.norms(o, windows)
}

// Cost is the number of weights and of multiply-adds for one image.
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

// SavedArrays estimates how much an operation saves for the backward pass, in arrays of the
// output's size. The operation "none" saves nothing.
func SavedArrays(name string) float64 {
	if cell.IsNone(name) {
		return 0
	}
	k, windows := lookup(name)
	return k.saves(windows)
}

// Build is the operation's output times scale ([1]; nil is 1).
func (o Operation) Build(c *block.Ctx, x *Node, w []*Node, scale *Node) *Node {
	if Channels(c, x) != o.Channels || Side(c, x) != o.Size {
		exceptions.Panicf("%s does not take %s", o, x.Shape())
	}
	k, windows := lookup(o.Name)
	return k.build(o, windows, c, x, w, scale)
}

// Mixed is the operation as a block of a search network: image and mixing weight [1] in, their
// product's norm out.
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

// Chosen is the operation as a block of a found network. With drop path it takes a second input,
// [b]: 0 for the images whose path is dropped, 1/(1-p) for the others; identities are never
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
