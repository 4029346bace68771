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

// Backward selects the gradients of a tape and thereby the executables of a block.
type Backward int

const (
	// None: forward only.
	None Backward = iota
	// Joint: one executable for the gradients of inputs and weights.
	Joint
	// Separate: one executable for the gradients of inputs, one for those of weights. The second
	// runs only on demand.
	Separate
	// Images: gradients of inputs only, including float inputs that are constant in training. It is
	// for trained networks (Evaluate), whose weights stay fixed.
	Images
)

// Engine compiles blocks, each once for its shapes, and keeps the executables for all tapes.
type Engine struct {
	Backend compute.Backend
	// Lowering is the layout and the precision of images. Set it before the first call.
	Lowering Lowering
	// Saving is the amount that forward passes save for backward passes. Set it before the first
	// call.
	Saving Saving
	// Lanes is the number of calls that run in parallel on a tape. Workers is the number of blocks
	// that compile in parallel.
	Lanes, Workers int
	// Devices is the number of devices that share each batch (see DataParallel); 0 stands for 1.
	// With one device, Device is its number: engines on different devices can run side by side.
	Devices int
	Device  compute.DeviceNum

	mu    sync.Mutex
	execs map[execKey]*executable
	zero  zeros
	asked map[string]bool // names of blocks with finished races
}

// NewEngine returns an engine with two lanes and two workers, because single small kernels leave
// cores idle. The backend in pure Go gets one lane: its pool of workers can deadlock when two
// executables share it.
func NewEngine(b compute.Backend) *Engine {
	e := &Engine{Backend: b, Lanes: 2, Workers: 2, execs: map[execKey]*executable{}}
	if b.String() == "go" {
		e.Lanes = 1
	}
	return e
}

// execKey identifies an executable: each kind of call needs its own compilation.
type execKey struct {
	name string
	add  bool // outputs are added to accumulators
	mode Mode
	back Backward
}

// savesValues reports whether forward passes save values for backward passes. In evaluation only
// gradients of images need them.
func (k execKey) savesValues() bool { return k.back != None && (k.mode == Train || k.back == Images) }

// executable is a compiled block: its forward graph and the graphs of its backward pass.
type executable struct {
	block *Block
	key   execKey
	once  sync.Once
	err   error
	took  time.Duration

	outputs, residuals, cotangents []shapes.Shape
	// shapes of the values that every graph recomputes instead of saving
	recomputed []shapes.Shape
	unread     []bool // Images: marked values that no gradient needs
	dry        bool   // graphs are built for their shapes only

	// arguments -> results of the graphs, in order; ? marks optional ones:
	// in, w?, running?, accumulators? -> outputs, statistics? (if it tracks them: running ones),
	// residuals
	forward *Graph
	// in, w?, running?, residuals, cotangents of outputs, previous gradients of inputs (Joint: and
	// w) -> gradients; (Separate: cotangents of sites)
	backward *Graph
	// Separate: in, w, residuals, cotangents of sites, previous gradient of w -> gradient of w
	weightGradient *Graph
}

// of returns the executable of a call, which may not be compiled yet.
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

// Prepare compiles the calls of a plan in order, Workers at a time, and reports each finished
// compilation. Undecided races run first (see Race). Prepare returns an error if a block does not
// compile.
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

// compile builds and compiles the graphs once. It returns a panic of graph building as an error
// with the block's name.
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
			x.unread = x.findUnread(e)
		}
		x.compileForward(e)
		if x.block.diff(back) == 0 && (back == Images || x.block.size() == 0) {
			return // no input has a gradient
		}
		switch back {
		case Images:
			x.backward = x.compileBackward(e, images)
		case Joint:
			x.backward = x.compileBackward(e, joint)
		case Separate:
			x.backward = x.compileBackward(e, inputs)
			if x.block.size() > 0 {
				x.weightGradient = x.compileWeightGradient(e)
			}
		}
	})
	return x.err
}

// begin starts a graph with a block's inputs, weights and running statistics as parameters.
func (x *executable) begin(e *Engine, suffix string, c *Ctx) (g *Graph, in, w []*Node, flat *Node) {
	b := x.block
	g = e.graph(fmt.Sprint(b.Name, suffix, " ", e.Lowering))
	c.devices, c.lowering, c.saving = e.Width(), e.Lowering, e.Saving
	c.savesValues = x.key.savesValues()
	c.unread = x.unread
	if x.dry {
		c.contests = &[]contest{} // a discarded graph decides nothing
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

// tracks reports whether the executable itself updates running statistics, because transfers to the
// host are slow.
func (x *executable) tracks(e *Engine) bool {
	return x.key.mode == Train && x.block.stats() > 0 && e.SeparateMemory()
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

// buildForward builds the graph from inputs to outputs. The context holds the values that it saves.
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
	if x.key.add {
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

// findUnread determines the marked values on which the gradients of inputs do not depend. It builds
// both graphs as if all values were saved, and discards them.
func (x *executable) findUnread(e *Engine) []bool {
	dry := &executable{block: x.block, key: x.key, dry: true}
	forward, _, c := dry.buildForward(e, ".dry")
	unread := make([]bool, len(c.savedMarks))
	forward.Finalize()
	if x.block.diff(Images) == 0 {
		for i := range unread {
			unread[i] = true
		}
		return unread
	}
	g, gradients, kept := dry.buildBackward(e, images)
	read := map[*Node]bool{}
	for open := gradients; len(open) > 0; {
		n := open[len(open)-1]
		open = open[:len(open)-1]
		if !read[n] {
			read[n] = true
			open = append(open, n.Inputs()...)
		}
	}
	next := 0 // index among the saved values; an engine that saves little recomputes the others
	for i, mark := range c.savedMarks {
		if mark {
			unread[i] = !read[kept[next]]
			next++
		}
	}
	g.Finalize()
	return unread
}

// compileBackward compiles the graph from cotangents of the outputs to gradients, each added to the
// input's previous gradient.
func (x *executable) compileBackward(e *Engine, p part) *Graph {
	g, out, _ := x.buildBackward(e, p)
	return compiled(g, out)
}

// buildBackward returns the graph of compileBackward, its outputs, and the parameters that the
// forward pass saves.
func (x *executable) buildBackward(e *Engine, p part) (g *Graph, outputs, kept []*Node) {
	b := x.block
	c := &Ctx{mode: x.key.mode, part: p}
	g, in, w, flat := x.begin(e, ".pull", c)
	kept = parameters(g, "kept", x.residuals)
	c.replay = kept
	cotangents := parameters(g, "cotangent", x.outputs)
	diff := b.diff(x.key.back)
	wrt := in[:diff:diff]
	prior := parameters(g, "gradient", shapesOf(wrt))
	c.prior = map[*Node]*Node{}
	for i := range prior {
		c.prior[wrt[i]] = prior[i]
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
	// the weights' executable reads the sites' cotangents only; the gradient of any input records
	// them
	if len(wrt) == 0 {
		wrt = in[:1]
	}
	gradients := Gradient(scalar, wrt...)
	ofWeights := gradients[len(prior):]
	gradients = gradients[:len(prior):len(prior)]
	e.Lowering.addPrior(c, in, prior, gradients)
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

// compileWeightGradient compiles the graph from the sites' cotangents to the gradient of the flat
// vector of weights.
func (x *executable) compileWeightGradient(e *Engine) *Graph {
	c := &Ctx{mode: x.key.mode, part: weights}
	g, in, w, flat := x.begin(e, ".weigh", c)
	c.replay = parameters(g, "kept", x.residuals)
	c.cotangents = parameters(g, "cotangent", x.cotangents)
	prior := Parameter(g, "gradient", flat.Shape())
	x.block.Fn(c, in, w)
	return compiled(g, []*Node{e.Lowering.join(prior, Gradient(c.sum, w...))})
}

func shapesOf(nodes []*Node) []shapes.Shape {
	r := make([]shapes.Shape, len(nodes))
	for i, n := range nodes {
		r[i] = n.Shape()
	}
	return r
}
