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

// executable is a compiled block: forward, and what the backward pass needs.
type executable struct {
	block *Block
	key   execKey
	once  sync.Once
	err   error
	took  time.Duration

	outputs, residuals, cotangents []shapes.Shape
	again                          []shapes.Shape // that are computed by each graph because they are not saved

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
		x.compileForward(e)
		if x.block.diff() == 0 && x.block.size() == 0 {
			return // nothing of it gets a gradient
		}
		switch x.key.back {
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
	c := &Ctx{mode: x.key.mode, part: forward}
	g, in, w, _ := x.begin(e, "", c)
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
	if x.key.back == None || x.key.mode == Evaluate {
		c.saved = nil
	}
	x.residuals = shapesOf(c.saved)
	x.forward = compiled(g, append(out, c.saved...))
}

// compilePull: cotangents of the outputs in, gradients out; each added to what the input already has.
func (x *executable) compilePull(e *Engine, p part) *Graph {
	b := x.block
	c := &Ctx{mode: x.key.mode, part: p}
	g, in, w, flat := x.begin(e, ".pull", c)
	c.replay = parameters(g, "kept", x.residuals)
	cotangents := parameters(g, "cotangent", x.outputs)
	wrt := in[:b.diff():b.diff()]
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
	return compiled(g, append(gradients, c.cotangents...))
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
