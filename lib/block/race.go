package block

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"golang.org/x/sync/errgroup"
)

// This file races the ways of a computation. The fastest way depends on the device, the shapes, the
// precision and the versions of libraries, so it is measured.

// contest is a place where a block can be computed in several ways. The block of trial calls
// Ctx.Way itself, and thereby takes the way that its engine chooses.
type contest struct {
	place string
	ways  []string
	trial func() *Block
}

// Way returns the way to take among several ways of a computation. place names the computation and
// its shapes. trial returns a block of this computation alone, which calls Way with the same place;
// Engine.Race runs it once per way. ways lists sums of shifted images first, then the backend's own
// operation. Without a race Way returns the first, or the second if the lowering is native.
func (c *Ctx) Way(place string, ways []string, trial func() *Block) string {
	choices := c.lowering.Choices
	if choices == nil {
		if c.lowering.Native {
			return ways[min(1, len(ways)-1)]
		}
		return ways[0]
	}
	key := c.lowering.place(place)
	way, known := choices.Of(key, ways)
	if known {
		return way
	}
	if c.contests != nil {
		*c.contests = append(*c.contests, contest{place, ways, trial})
	} else {
		choices.Set(key, ways[0]) // final, because all executables of a block must agree
	}
	return ways[0]
}

// place returns the key of a place among the choices.
func (l Lowering) place(name string) string {
	return fmt.Sprintf("%s, %s %s", name, l.Layout, l.Precision)
}

const (
	raceTime   = time.Second / 2 // per place, without compilation
	raceRounds = 8               // upper bound; a round is raceBatch passes per way
	raceBatch  = 4
)

// Race decides the undecided places in the calls of plans, and stores the winners in the Choices of
// the engine's lowering. Without Choices it does nothing. All ways of a place compute values and
// gradients on images of its shapes, in turn. The way with the shortest round wins. A way is out if
// it fails, or if its results differ from the first way's. Race reports each decision. It returns
// an error if the first way of a place fails or the choices can't be saved.
func (e *Engine) Race(report func(done, total int, name string, took time.Duration), plans ...*Plan) error {
	choices := e.Lowering.Choices
	if choices == nil {
		return nil
	}
	contests, err := e.contests(plans)
	if err != nil {
		return err
	}
	images := e.isolated(nil)
	races, err := e.runners(contests)
	if err != nil {
		return err
	}
	winners := map[string]string{}
	for i, c := range contests {
		start := time.Now()
		winner, err := e.race(races[i], images)
		if err != nil {
			return fmt.Errorf("%s: %w", c.place, err)
		}
		key := e.Lowering.place(c.place)
		choices.Set(key, winner.way)
		winners[key] = winner.way
		if report != nil {
			report(i+1, len(contests), RacePrefix+c.place+": "+winner.way, time.Since(start))
		}
	}
	return choices.Remember(winners)
}

// RacePrefix begins the names of races in the reports of Prepare.
const RacePrefix = "race "

// isolated returns a separate engine with the same settings and these choices.
func (e *Engine) isolated(choices map[string]string) *Engine {
	l := e.Lowering
	l.Choices = backend.NewChoices(choices, "")
	return &Engine{Backend: e.Backend, Lowering: l, Lanes: 1, Workers: 1, Devices: e.Devices, Device: e.Device, execs: map[execKey]*executable{}}
}

// runners compiles all ways of all contests, Workers at a time.
func (e *Engine) runners(contests []contest) ([][]*runner, error) {
	var group errgroup.Group
	group.SetLimit(max(1, e.Workers))
	races := make([][]*runner, len(contests))
	for i, c := range contests {
		races[i] = make([]*runner, len(c.ways))
		for j, way := range c.ways {
			r := &runner{way: way, block: squared(c.trial()), best: math.MaxInt64, x: NewValue(nil), engine: e.isolated(map[string]string{e.Lowering.place(c.place): way})}
			races[i][j] = r
			group.Go(func() error {
				r.try(func() { must(r.engine.Prepare(r.plan(), Train, Joint, nil)) })
				return nil
			})
		}
	}
	return races, group.Wait()
}

// contests builds the graphs of the plans' blocks and collects their calls of Ctx.Way.
func (e *Engine) contests(plans []*Plan) (found []contest, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	for _, p := range plans {
		for _, call := range p.Calls {
			e.mu.Lock()
			if e.asked == nil {
				e.asked = map[string]bool{}
			}
			asked := e.asked[call.Block.Name]
			e.asked[call.Block.Name] = true
			e.mu.Unlock()
			if asked {
				continue
			}
			c := &Ctx{mode: Train, part: whole, contests: &found} // discards statistics and marks
			x := &executable{block: call.Block}
			g, in, w, _ := x.begin(e, ".dry", c)
			call.Block.Fn(c, in, w)
			g.Finalize()
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(found, func(c contest) bool {
		again := seen[c.place]
		seen[c.place] = true
		return again
	}), nil
}

// race returns the winner. The engine images generates the inputs.
func (e *Engine) race(runners []*runner, images *Engine) (*runner, error) {
	var want [][]float32
	for i, r := range runners {
		defer r.close()
		r.try(func() {
			r.begin(images)
			r.pass()
			if got := r.results(); i == 0 {
				want = got
			} else if !e.Lowering.same(got, want) {
				r.out = fmt.Errorf("its results differ from the first way's")
			}
		})
	}
	if runners[0].out != nil {
		return nil, runners[0].out
	}
	begin := time.Now()
	for round := 0; round < raceRounds && (round < 2 || time.Since(begin) < raceTime); round++ {
		for _, r := range runners {
			r.try(r.round)
		}
	}
	winner := runners[0]
	for _, r := range runners {
		if r.out == nil && r.best < winner.best {
			winner = r
		}
	}
	return winner, nil
}

// same reports whether two ways' results agree up to rounding.
func (l Lowering) same(got, want [][]float32) bool {
	tolerance := 1e-3
	if l.Precision == BFloat16 {
		tolerance = 0.1
	}
	for i := range want {
		var difference, norm float64
		for j, w := range want[i] {
			d := float64(got[i][j]) - float64(w)
			difference += d * d
			norm += float64(w) * float64(w)
		}
		if !(math.Sqrt(difference) <= tolerance*math.Sqrt(norm)) {
			return false
		}
	}
	return true
}

// runner is a way in a race.
type runner struct {
	way    string
	engine *Engine
	block  *Block
	tape   *Tape
	params []*Param
	x      *Value
	best   time.Duration
	out    error // reason for leaving the race
}

func (r *runner) plan() *Plan {
	return NewPlan(func(n Runner) { n.Call("trial", r.block, Sums(1), nil) })
}

// begin prepares images and weights.
func (r *runner) begin(images *Engine) {
	tape := NewTape(images, nil, Evaluate, None)
	defer tape.Close()
	zero := NewValue(tensors.FromShape(Floats(1)))
	defer zero.Set(nil)
	made := tape.Call("", trialImages(r.block.In[0]), []*Value{zero}, nil)[0].Hold()
	must(tape.Run())
	r.x.Take(made)
	r.params = r.plan().Params(1)
	r.tape = NewTape(r.engine, r.params, Train, Joint)
}

// trialImages generates images of a shape: pseudo-random values, the same in every race.
func trialImages(s shapes.Shape) *Block {
	return &Block{Name: "waves " + s.String(), In: []shapes.Shape{Floats(1)}, Fn: func(c *Ctx, in, _ []*Node) []*Node {
		return []*Node{c.lowering.From(Sin(MulScalar(IotaFull(in[0].Graph(), s), 1.7)))}
	}}
}

// squared returns a block that computes half the sum of squares of b's output. The cotangent of b's
// output is then the output itself.
func squared(b *Block) *Block {
	s := *b
	s.Fn = func(c *Ctx, in, w []*Node) []*Node {
		y := ConvertDType(b.Fn(c, in, w)[0], dtypes.Float32)
		return []*Node{MulScalar(ReduceAllSum(Square(y)), 0.5)}
	}
	return &s
}

// pass computes the value and all gradients.
func (r *runner) pass() {
	y := r.tape.Call("trial", r.block, []*Value{r.x}, nil)[0]
	must(r.tape.Run())
	r.tape.Seed(y, 1)
	must(r.tape.Backward(true))
}

// round measures raceBatch passes until the last result has arrived.
func (r *runner) round() {
	begin := time.Now()
	for range raceBatch {
		r.pass()
	}
	r.params[0].Value.Gradient()
	r.best = min(r.best, time.Since(begin))
	r.drop()
}

// results returns the gradients of images and weights.
func (r *runner) results() [][]float32 {
	defer r.drop()
	return [][]float32{r.x.gradient.total(), r.params[0].Value.Gradient()}
}

func (r *runner) drop() {
	r.x.DropGradient()
	for _, p := range r.params {
		p.Value.DropGradient()
	}
}

// try removes the runner from the race if f panics.
func (r *runner) try(f func()) {
	if r.out != nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			r.out = fmt.Errorf("%v", p)
		}
	}()
	f()
}

func (r *runner) close() {
	if r.tape != nil {
		r.tape.Close()
	}
	r.drop()
	r.x.Set(nil)
	for _, p := range r.params {
		p.Value.Set(nil)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
