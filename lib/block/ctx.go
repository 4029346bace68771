package block

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Mode is the purpose of a run; it determines the behaviour of norms and the saved values.
type Mode int

const (
	// Train: norms use the statistics of the batch, and the forward pass saves values for the
	// backward pass.
	Train Mode = iota
	// Evaluate: norms use running statistics, and nothing is saved.
	Evaluate
)

// part selects one of a block's executables for a Ctx to build.
type part int

const (
	forward part = iota
	joint        // gradients of inputs and of weights
	inputs       // gradients of inputs, and cotangents of the sites
	weights      // gradients of weights, from the sites' cotangents
	images       // gradients of inputs, none of weights
	whole        // no tape: a block inside the caller's graph
)

// Ctx is the context in which a block's function builds a graph. Its three marks (SaveForBackward,
// Keep and Site) select the values that the forward executable saves for the backward ones. Without
// saving (evaluation) they do nothing.
type Ctx struct {
	mode     Mode
	part     part
	devices  int
	lowering Lowering
	saving   Saving

	savesValues bool   // the forward pass saves values for the backward pass
	unread      []bool // Images: for each marked value, whether no gradient reads it
	savedMarks  []bool // for each value marked so far, whether the forward pass saves it

	saved      []*Node        // forward: saved for the backward pass
	recomputed []shapes.Shape // saved if the engine saved all
	replay     []*Node        // backward: received, in the same order

	cotangents []*Node // of the sites: recorded by part inputs, received by part weights
	site       int
	sites      []shapes.Shape // forward: shapes of the sites' cotangents
	sum        *Node          // part weights: sum over sites of y * cotangent

	// backward: previous gradients of inputs that no kernel has taken yet; see PriorGradients
	prior map[*Node]*Node

	statistics []*Node // Train: of the tracked norms
	running    []*Node // Evaluate
	norm       int

	contests *[]contest // dry build: the possible races
}

// Build puts the block into a graph that the caller compiles, outside of any tape: its marks do
// nothing, and running statistics are neither tracked nor used. Images are in the layout of l.
// weights is the flat vector, nil for a block without weights. Build returns the outputs of the
// block in their declared shapes.
func (b *Block) Build(l Lowering, in []*Node, weights *Node) []*Node {
	var w []*Node
	if len(b.Weights) > 0 {
		w = sliced(weights, b.weights()) // unlike a kernel's, its gradient reaches the caller
	}
	return b.Fn(&Ctx{mode: Train, part: whole, devices: 1, lowering: l}, in, w)
}

// Lowering returns the layout and the precision of images.
func (c *Ctx) Lowering() Lowering { return c.lowering }

// Evaluating reports whether norms use running statistics.
func (c *Ctx) Evaluating() bool { return c.mode == Evaluate }

// FixedWeights reports whether weights and running statistics stay constant: gradients of images in
// evaluation mode (Images). The gain of a norm can then be part of a convolution's weights.
func (c *Ctx) FixedWeights() bool { return c.mode == Evaluate && c.savesValues }

// SaveForBackward marks a value, of any shape, that the backward pass receives instead of
// recomputing it. The gradient still flows to x.
func (c *Ctx) SaveForBackward(x *Node) *Node {
	kept := c.Keep(x)
	if kept == x {
		return x
	}
	return CustomGradient(kept, []*Node{x}, func(v *Node) *Node { return v })
}

// Keep is SaveForBackward for values, of any shape, without a gradient: statistics, arg-max maps.
func (c *Ctx) Keep(x *Node) *Node {
	if !c.savesValues || c.part == whole {
		return x
	}
	mark := len(c.savedMarks)
	unread := mark < len(c.unread) && c.unread[mark]
	recomputed := c.saving == SaveLittle && x.Rank() == 4 // an image: both passes compute it
	c.savedMarks = append(c.savedMarks, !unread && !recomputed)
	switch {
	case unread:
	case recomputed:
		c.recomputed = append(c.recomputed, x.Shape())
	case c.part == forward:
		c.saved = append(c.saved, x)
	default:
		x, c.replay = c.replay[0], c.replay[1:]
	}
	return x
}

// Site returns y = f(x), of any shape, and marks it as a place where weights enter. f must be
// linear in the weights, which may enter at sites only. The backward pass can then be two
// executables. One computes the gradients of inputs, which suffices for a step of the architecture.
// The other computes the gradients of weights from the cotangents that the first recorded at the
// sites.
func (c *Ctx) Site(x *Node, f func(x *Node) *Node) *Node {
	return c.Sites([]*Node{x}, func(xs []*Node) *Node { return f(xs[0]) })
}

// Sites is Site for functions of several inputs, of any shapes.
func (c *Ctx) Sites(xs []*Node, f func(xs []*Node) *Node) *Node {
	i := c.site
	c.site++
	switch c.part {
	case forward:
		y := f(xs)
		c.sites = append(c.sites, y.Shape())
		return y
	case inputs:
		y := f(xs)
		c.cotangents = append(c.cotangents, nil)
		return IdentityWithCustomGradient(y, func(_, v *Node) *Node {
			c.cotangents[i] = v
			return v
		})
	case weights:
		stopped := make([]*Node, len(xs))
		for j, x := range xs {
			stopped[j] = StopGradient(x)
		}
		y := f(stopped)
		c.sum = plus(c.sum, product(y, c.cotangents[i]))
		return StopGradient(y)
	}
	return f(xs)
}

// PriorGradients returns the previous gradients of inputs, in the shapes of inputs. A kernel adds
// to them while it computes the new gradients. PriorGradients returns them once, for all inputs or
// for none (nil). The engine adds gradients that no kernel takes. Call PriorGradients while
// gradients are computed.
func (c *Ctx) PriorGradients(inputs ...*Node) []*Node {
	prior := make([]*Node, len(inputs))
	for i, x := range inputs {
		if prior[i] = c.prior[x]; prior[i] == nil {
			return nil
		}
	}
	for _, x := range inputs {
		delete(c.prior, x)
	}
	return prior
}

// Whole panics if two executables compute the gradients. Weights that enter outside of a Site call
// it with their name.
func (c *Ctx) Whole(what string) {
	if c.part == inputs || c.part == weights {
		exceptions.Panicf("%s is not inside a site: it would get no gradient where the backward pass is split", what)
	}
}

// Devices returns the number of devices that share a batch; a block's function sees the part of
// one.
func (c *Ctx) Devices() int { return c.devices }

// Total is the sum of x over all devices, of the shape of x. With one device it is x itself. The
// gradient passes unchanged: everything after a total counts once, on however many devices it is
// computed.
func (c *Ctx) Total(x *Node) *Node {
	if c.devices <= 1 {
		return x
	}
	sum := x.Graph().Distributed().AllReduceOne(StopGradient(x), compute.ReduceOpSum)
	return CustomGradient(sum, []*Node{x}, func(v *Node) *Node { return v })
}

// Moments gives the batch statistics [channels] of a tracked norm to the runner, which updates the
// running statistics (Train).
func (c *Ctx) Moments(mean, variance *Node) {
	c.statistics = append(c.statistics, StopGradient(mean), StopGradient(variance))
}

// Running returns the running statistics [channels] of the next tracked norm (Evaluate).
func (c *Ctx) Running() (mean, variance *Node) {
	i := 2 * c.norm
	c.norm++
	return c.running[i], c.running[i+1]
}

// product returns sum(x * y), whose gradient with respect to x is y.
func product(x, y *Node) *Node {
	return ReduceAllSum(ConvertDType(Mul(x, y), dtypes.Float32))
}

func plus(a, b *Node) *Node {
	if a == nil {
		return b
	}
	return Add(a, b)
}

func parameters(g *Graph, name string, shapes []shapes.Shape) []*Node {
	r := make([]*Node, len(shapes))
	for i, s := range shapes {
		r[i] = Parameter(g, g.UniqueName(name), s)
	}
	return r
}
