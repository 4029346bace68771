package block

import (
	"fmt"
	"sync"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"golang.org/x/sync/errgroup"
)

// Backward says which gradients a tape will ask for, and thereby which executables a block needs.
type Backward int

const (
	// None: forward only.
	None Backward = iota
	// Joint: inputs and weights in one executable.
	Joint
	// Separate: one executable for inputs, one for weights; the second is left out where nobody wants it.
	Separate
	// Images: gradients of inputs only, of those too that trainings hold constant if they are floats.
	// It is for trained networks (Evaluate), whose weights stay.
	Images
)

// Engine compiles blocks, each once for its shapes, and keeps the executables for all tapes.
type Engine struct {
	Backend compute.Backend
	// Lowering is how images are kept. It is set before the first call.
	Lowering Lowering
	// Saving is how much forward passes hand over to backward passes. It is set before the first call, too.
	Saving Saving
	// Lanes is how many calls run at a time on a tape, Workers how many blocks compile at a time.
	Lanes, Workers int
	// Devices is how many devices share each batch (see Several); 0 is one. Device is the number of that one: engines on several devices can be at work side by side.
	Devices int
	Device  compute.DeviceNum

	mu    sync.Mutex
	execs map[execKey]*executable
	zero  zeros
	asked map[string]bool // names of blocks whose ways were raced
}

// NewEngine returns an engine with two lanes and two workers: small kernels leave cores idle when they run one at a time.
// The backend in pure Go gets one lane: its pool of workers can deadlock when two executables share it.
func NewEngine(b compute.Backend) *Engine {
	e := &Engine{Backend: b, Lanes: 2, Workers: 2, execs: map[execKey]*executable{}}
	if b.String() == "go" {
		e.Lanes = 1
	}
	return e
}

// execKey tells executables apart: a block is compiled anew for each way in which it is called.
type execKey struct {
	name string
	add  bool // outputs are added to accumulators
	mode Mode
	back Backward
}

// remembers says whether forward passes hand values to backward passes. In evaluation they do so for the
// gradients of images only.
func (k execKey) remembers() bool { return k.back != None && (k.mode == Train || k.back == Images) }

// executable is a compiled block: forward, and what the backward pass needs.
type executable struct {
	block *Block
	key   execKey
	once  sync.Once
	err   error
	took  time.Duration

	outputs, residuals, cotangents []shapes.Shape
	again                          []shapes.Shape // that are computed by each graph because they are not saved
	idle                           []bool         // Images: which marked values no gradient needs
	dry                            bool           // graphs are built for their shapes alone

	// inputs of the graphs, in order:
	forward *Graph // in, w?, running?, accumulators?      -> outputs, statistics? (running ones, where it tracks them), residuals
	pull    *Graph // in, w?, running?, residuals, cotangents of outputs, gradients so far of inputs (Joint: and w) -> gradients; (Separate: cotangents of sites)
	weigh   *Graph // Separate: in, w, residuals, cotangents of sites, gradient so far of w -> gradient of w
}

// of returns the executable for a call, not necessarily compiled.
func (e *Engine) of(b *Block, add bool, mode Mode, back Backward) *executable {
	k := execKey{b.Name, add, mode, back}
	e.mu.Lock()
	defer e.mu.Unlock()
	x, ok := e.execs[k]
	if !ok {
		x = &executable{block: b, key: k}
		e.execs[k] = x
	}
	return x
}

// Prepare compiles what a plan will call, Workers at a time, the first calls first. Each compilation that ends is reported. Ways to compute that nobody has
// chosen between are raced before (see Race).
func (e *Engine) Prepare(p *Plan, mode Mode, back Backward, report func(done, total int, name string, took time.Duration)) error {
	if err := e.Race(report, p); err != nil {
		return err
	}
	var work []*executable
	seen := map[*executable]bool{}
	for _, c := range p.Calls {
		if x := e.of(c.Block, c.Add, mode, back); !seen[x] {
			seen[x] = true
			work = append(work, x)
		}
	}
	var mu sync.Mutex
	done := 0
	var group errgroup.Group
	group.SetLimit(max(1, e.Workers))
	for _, x := range work {
		group.Go(func() error {
			err := x.compile(e)
			mu.Lock()
			defer mu.Unlock()
			done++
			if report != nil && err == nil {
				report(done, len(work), x.block.Name, x.took)
			}
			return err
		})
	}
	return group.Wait()
}

// compile builds and compiles the graphs, once. Whatever panics in graph building is returned, with the block's name.
func (x *executable) compile(e *Engine) error {
	x.once.Do(func() {
		defer func() {
			if r := recover(); r != nil {
				x.err = fmt.Errorf("block %q: %v", x.block.Name, r)
			}
		}()
		start := time.Now()
		defer func() { x.took = time.Since(start) }()
		back := x.key.back
		if back == Images {
			x.idle = x.unread(e)
		}
		x.compileForward(e)
		if x.block.diff(back) == 0 && (back == Images || x.block.size() == 0) {
			return // nothing of it gets a gradient
		}
		switch back {
		case Images:
			x.pull = x.compilePull(e, images)
		case Joint:
			x.pull = x.compilePull(e, joint)
		case Separate:
			x.pull = x.compilePull(e, inputs)
			if x.block.size() > 0 {
				x.weigh = x.compileWeigh(e)
			}
		}
	})
	return x.err
}

// begin makes a graph with a block's inputs, weights and running statistics as parameters.
func (x *executable) begin(e *Engine, suffix string, c *Ctx) (g *Graph, in, w []*Node, flat *Node) {
	b := x.block
	g = e.graph(fmt.Sprint(b.Name, suffix, " ", e.Lowering))
	c.devices, c.lowering, c.saving = e.Width(), e.Lowering, e.Saving
	c.remembers = x.key.remembers()
	c.idle = x.idle
	if x.dry {
		c.contests = &[]contest{} // a graph that is thrown away decides nothing
	}
	in = parameters(g, "in", e.Lowering.shapes(b.In))
	if n := b.size(); n > 0 {
		flat = Parameter(g, "w", Floats(n))
		w = e.Lowering.cut(flat, b.weights())
	}
	if c.mode == Evaluate && b.stats() > 0 {
		c.running = e.Lowering.cut(Parameter(g, "running", Floats(b.stats())), b.running())
	}
	return
}

// tracks says whether the executable updates running statistics by itself: where their way to the host is long.
func (x *executable) tracks(e *Engine) bool {
	return x.key.mode == Train && x.block.stats() > 0 && e.Apart()
}

func compiled(g *Graph, outputs []*Node) *Graph {
	if err := g.Compile(outputs...); err != nil {
		panic(err)
	}
	return g
}

func (x *executable) compileForward(e *Engine) {
	g, out, c := x.buildForward(e, "")
	x.forward = compiled(g, append(out, c.saved...))
}

// buildForward: inputs in, outputs out; what it hands over besides is in the context.
func (x *executable) buildForward(e *Engine, suffix string) (*Graph, []*Node, *Ctx) {
	c := &Ctx{mode: x.key.mode, part: forward}
	g, in, w, _ := x.begin(e, suffix, c)
	var running *Node
	if x.tracks(e) {
		running = Parameter(g, "running", Floats(x.block.stats()))
	}
	out := x.block.Fn(c, in, w)
	if len(out) != x.block.outs() {
		panic(fmt.Sprintf("returned %d outputs, declares %d", len(out), x.block.outs()))
	}
	x.outputs = e.Lowering.kept(out)
	if x.key.add && c.into == nil {
		for i, a := range parameters(g, "sum", x.outputs) {
			out[i] = Add(ConvertDType(a, out[i].DType()), out[i])
		}
	}
	for i := range out {
		out[i] = e.Lowering.Keep(out[i])
	}
	if len(c.statistics) > 0 {
		statistics := Concatenate(c.statistics, 0)
		if running != nil {
			statistics = Add(MulScalar(running, 1-statMomentum), MulScalar(statistics, statMomentum))
		}
		out = append(out, statistics)
	}
	x.residuals = shapesOf(c.saved)
	return g, out, c
}

// unread says which marked values the gradients of inputs do not depend on. Both graphs are built for it and
// thrown away, as if all values were handed over.
func (x *executable) unread(e *Engine) []bool {
	dry := &executable{block: x.block, key: x.key, dry: true}
	forward, _, c := dry.buildForward(e, ".dry")
	idle := make([]bool, len(c.handed))
	forward.Finalize()
	if x.block.diff(Images) == 0 {
		for i := range idle {
			idle[i] = true
		}
		return idle
	}
	g, gradients, kept := dry.buildPull(e, images)
	read := map[*Node]bool{}
	for open := gradients; len(open) > 0; {
		n := open[len(open)-1]
		open = open[:len(open)-1]
		if !read[n] {
			read[n] = true
			open = append(open, n.Inputs()...)
		}
	}
	next := 0 // of the values handed over: an engine that saves little computes the others again
	for i, mark := range c.handed {
		if mark {
			idle[i] = !read[kept[next]]
			next++
		}
	}
	g.Finalize()
	return idle
}

// compilePull: cotangents of the outputs in, gradients out; each added to what the input already has.
func (x *executable) compilePull(e *Engine, p part) *Graph {
	g, out, _ := x.buildPull(e, p)
	return compiled(g, out)
}

// buildPull returns the graph of compilePull, its outputs, and the parameters that the forward pass hands over.
func (x *executable) buildPull(e *Engine, p part) (g *Graph, outputs, kept []*Node) {
	b := x.block
	c := &Ctx{mode: x.key.mode, part: p}
	g, in, w, flat := x.begin(e, ".pull", c)
	kept = parameters(g, "kept", x.residuals)
	c.replay = kept
	cotangents := parameters(g, "cotangent", x.outputs)
	diff := b.diff(x.key.back)
	wrt := in[:diff:diff]
	so := parameters(g, "gradient", shapesOf(wrt))
	c.owed = map[*Node]*Node{}
	for i := range so {
		c.owed[wrt[i]] = so[i]
	}
	var weights *Node // so far
	if x.key.back == Joint && flat != nil {
		wrt = append(wrt, w...)
		weights = Parameter(g, g.UniqueName("gradient"), flat.Shape())
	}
	out := b.Fn(c, in, w)
	var scalar *Node
	for i, o := range out {
		scalar = plus(scalar, product(e.Lowering.Keep(o), cotangents[i]))
	}
	if len(wrt) == 0 { // nothing to pull into but the sites' cotangents, which are recorded on the way to any input
		wrt = in[:1]
	}
	gradients := Gradient(scalar, wrt...)
	ofWeights := gradients[len(so):]
	gradients = gradients[:len(so):len(so)]
	e.Lowering.settle(c, in, so, gradients)
	if weights != nil {
		gradients = append(gradients, e.Lowering.join(weights, ofWeights))
	}
	for i, v := range c.cotangents {
		if v == nil {
			panic(fmt.Sprintf("no cotangent reached site %d", i))
		}
	}
	x.cotangents = shapesOf(c.cotangents)
	return g, append(gradients, c.cotangents...), kept
}

// compileWeigh: the sites' cotangents in, the gradient of the flat vector of weights out.
func (x *executable) compileWeigh(e *Engine) *Graph {
	c := &Ctx{mode: x.key.mode, part: weights}
	g, in, w, flat := x.begin(e, ".weigh", c)
	c.replay = parameters(g, "kept", x.residuals)
	c.cotangents = parameters(g, "cotangent", x.cotangents)
	so := Parameter(g, "gradient", flat.Shape())
	x.block.Fn(c, in, w)
	return compiled(g, []*Node{e.Lowering.join(so, Gradient(c.sum, w...))})
}

func shapesOf(nodes []*Node) []shapes.Shape {
	r := make([]shapes.Shape, len(nodes))
	for i, n := range nodes {
		r[i] = n.Shape()
	}
	return r
}
