package block

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Mode is what a network is run for; it decides how norms behave and what is remembered.
type Mode int

const (
	// Train: norms use the batch's statistics, forward remembers what backward needs.
	Train Mode = iota
	// Evaluate: norms use running statistics, nothing is remembered.
	Evaluate
)

// part is which of a block's executables a Ctx builds.
type part int

const (
	forward part = iota
	joint        // gradients of inputs and weights
	inputs       // gradients of inputs, cotangents of the sites
	weights      // gradients of weights, from the sites' cotangents
	images       // gradients of inputs, nothing of weights
	whole        // no tape: a block as a part of somebody's graph
)

// Ctx is what a block's function builds with. Its three marks - Save, Keep, Site - tell the backward executables what the
// forward one hands over; where nothing is handed over (evaluation) they do nothing.
type Ctx struct {
	mode     Mode
	part     part
	devices  int
	lowering Lowering
	saving   Saving

	remembers bool   // the forward pass hands values to the backward pass
	idle      []bool // of the values that are marked, in their order: no gradient reads them (Images)
	handed    []bool // of those marked so far: the forward pass hands them over

	saved  []*Node        // forward: handed to the backward pass
	again  []shapes.Shape // would be, if the engine saved all
	replay []*Node        // backward: received, in the same order

	cotangents []*Node // of the sites: recorded by part inputs, received by part weights
	site       int
	sites      []shapes.Shape // forward: of the sites' cotangents
	sum        *Node          // part weights: sum over sites of y * cotangent

	owed map[*Node]*Node // backward: what there is so far of the gradients of inputs, until somebody takes it; see Owed

	adds bool  // forward: the one output is added to a sum; see Sum
	into *Node // the sum, where somebody has taken it

	statistics []*Node // Train: of the tracked norms
	running    []*Node // Evaluate
	norm       int

	contests *[]contest // of a dry build: what there is to race
}

// Build puts the block into a graph that the caller compiles, outside of any tape: its marks do nothing there, and running
// statistics are neither tracked nor used. Images are kept as l says; weights is the flat vector, nil for a block without weights.
func (b *Block) Build(l Lowering, in []*Node, weights *Node) []*Node {
	var w []*Node
	if len(b.Weights) > 0 {
		w = sliced(weights, b.weights()) // the caller may want its gradient
	}
	return b.Fn(&Ctx{mode: Train, part: whole, devices: 1, lowering: l}, in, w)
}

// Lowering is how images are kept.
func (c *Ctx) Lowering() Lowering { return c.lowering }

// Evaluating says whether norms use running statistics.
func (c *Ctx) Evaluating() bool { return c.mode == Evaluate }

// Save marks a value that the backward pass gets instead of computing it again; the gradient still flows to x.
func (c *Ctx) Save(x *Node) *Node {
	kept := c.Keep(x)
	if kept == x {
		return x
	}
	return CustomGradient(kept, []*Node{x}, func(v *Node) *Node { return v })
}

// Keep is Save for values through which no gradient flows: statistics, arg-max maps.
func (c *Ctx) Keep(x *Node) *Node {
	if !c.remembers || c.part == whole {
		return x
	}
	mark := len(c.handed)
	idle := mark < len(c.idle) && c.idle[mark]
	again := c.saving == SaveLittle && x.Rank() == 4 // an image: both sides compute it
	c.handed = append(c.handed, !idle && !again)
	switch {
	case idle:
	case again:
		c.again = append(c.again, x.Shape())
	case c.part == forward:
		c.saved = append(c.saved, x)
	default:
		x, c.replay = c.replay[0], c.replay[1:]
	}
	return x
}

// Site marks y = f(x), where f is linear in weights and the only place where these enter. It lets the backward pass be two
// executables: one pulls cotangents through the inputs (all that an architecture step needs), the other turns the
// cotangents that the first recorded at the sites into gradients of the weights.
func (c *Ctx) Site(x *Node, f func(x *Node) *Node) *Node {
	return c.Sites([]*Node{x}, func(xs []*Node) *Node { return f(xs[0]) })
}

// Sites is Site for what reads several inputs.
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

// Owed gives what there is so far of the gradients of inputs to whoever computes some of these, to add to it in the same go. It does so once, and for all of them or
// for none (nil): those that nobody takes are added later. It is called when gradients are computed.
func (c *Ctx) Owed(inputs ...*Node) []*Node {
	so := make([]*Node, len(inputs))
	for i, x := range inputs {
		if so[i] = c.owed[x]; so[i] == nil {
			return nil
		}
	}
	for _, x := range inputs {
		delete(c.owed, x)
	}
	return so
}

// Sum gives the sum that a call's output is added to, an image of this declared shape, to whoever makes the output, to add to it in the same go: what the block returns is
// the sum, then. It is nil where there is none, where the block has several outputs or is a part of another one (Fuse), and the second time.
func (c *Ctx) Sum(g *Graph, s shapes.Shape) *Node {
	if !c.adds || c.part != forward {
		return nil
	}
	c.adds = false
	c.into = parameters(g, "sum", c.lowering.shapes([]shapes.Shape{s}))[0]
	return c.into
}

// Whole panics where gradients are computed in two parts: for weights that enter outside of a Site.
func (c *Ctx) Whole(what string) {
	if c.part == inputs || c.part == weights {
		exceptions.Panicf("%s is not inside a site: it would get no gradient where the backward pass is split", what)
	}
}

// Devices is how many devices share a batch: a block's function sees the part of one.
func (c *Ctx) Devices() int { return c.devices }

// Total adds up what the devices have computed from their parts of the batch: the same for all of them, x itself with one device. The gradient flows back
// as it is, because everything that follows a total counts once, however many devices compute it.
func (c *Ctx) Total(x *Node) *Node {
	if c.devices <= 1 {
		return x
	}
	sum := x.Graph().Distributed().AllReduceOne(StopGradient(x), compute.ReduceOpSum)
	return CustomGradient(sum, []*Node{x}, func(v *Node) *Node { return v })
}

// Moments hands a tracked norm's batch statistics [channels] to whoever runs the block (Train).
func (c *Ctx) Moments(mean, variance *Node) {
	c.statistics = append(c.statistics, StopGradient(mean), StopGradient(variance))
}

// Running returns the running statistics [channels] of the next tracked norm (Evaluate).
func (c *Ctx) Running() (mean, variance *Node) {
	i := 2 * c.norm
	c.norm++
	return c.running[i], c.running[i+1]
}

// product is sum(x * y), whose gradient with respect to x is y.
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
