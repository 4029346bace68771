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

// This file races the ways of computing the same: what the fastest is depends on the device, the
// shapes, the precision and the libraries of the day, and is measured rather than believed.

// contest is a place where a block can be computed in several ways: the block that is raced asks
// for the way by itself, with Ctx.Way.
type contest struct {
	place string
	ways  []string
	trial func() *Block
}

// Way returns which of several ways of computing the same is to be taken at a place, whose name
// says what is computed for which shapes. trial makes a block that computes it alone, in whichever
// way it is told when it asks the same, to be raced by Engine.Race. Without a race it is the first
// way, or the second where the lowering is native: ways lists sums of shifted images first, and
// then the backend's operation for it.
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
		choices.Set(key, ways[0]) // from here on: a block's executables must agree
	}
	return ways[0]
}

// place is a place's name among the choices.
func (l Lowering) place(name string) string {
	return fmt.Sprintf("%s, %s %s", name, l.Layout, l.Precision)
}

const (
	raceTime   = time.Second / 2 // for one place, beside compiling
	raceRounds = 8               // at most, of raceBatch passes of each way
	raceBatch  = 4
)

// Race makes the engine's choices for what plans call, where nobody has chosen yet: each way
// computes values and gradients on images of those shapes, in turn with the others, and the one
// whose best round is the shortest wins. One that fails, or whose results are not those of the
// first, is out. Each place that is decided is reported. Without Choices in the engine's lowering
// there is no race.
func (e *Engine) Race(report func(done, total int, name string, took time.Duration), plans ...*Plan) error {
	choices := e.Lowering.Choices
	if choices == nil {
		return nil
	}
	contests, err := e.contests(plans)
	if err != nil {
		return err
	}
	images := e.alone(nil)
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

// RacePrefix begins the names with which Prepare reports races.
const RacePrefix = "race "

// alone is an engine like this one for itself, with these choices.
func (e *Engine) alone(choices map[string]string) *Engine {
	l := e.Lowering
	l.Choices = backend.NewChoices(choices, "")
	return &Engine{Backend: e.Backend, Lowering: l, Lanes: 1, Workers: 1, Devices: e.Devices, Device: e.Device, execs: map[execKey]*executable{}}
}

// runners compiles all ways of all contests, as many at a time as the engine has workers.
func (e *Engine) runners(contests []contest) ([][]*runner, error) {
	var group errgroup.Group
	group.SetLimit(max(1, e.Workers))
	races := make([][]*runner, len(contests))
	for i, c := range contests {
		races[i] = make([]*runner, len(c.ways))
		for j, way := range c.ways {
			r := &runner{way: way, block: squared(c.trial()), best: math.MaxInt64, x: NewValue(nil), engine: e.alone(map[string]string{e.Lowering.place(c.place): way})}
			races[i][j] = r
			group.Go(func() error {
				r.try(func() { must(r.engine.Prepare(r.plan(), Train, Joint, nil)) })
				return nil
			})
		}
	}
	return races, group.Wait()
}

// contests builds the graphs of the plans' blocks, to hear what they ask for.
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
			c := &Ctx{mode: Train, part: whole, contests: &found} // statistics and marks go nowhere
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

// race returns the winner; the engine images makes what they run on.
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
				r.out = fmt.Errorf("it computes something else")
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

// same says whether results are those of another way but for rounding.
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
	out    error // why it is out of the race
}

func (r *runner) plan() *Plan {
	return NewPlan(func(n Runner) { n.Call("trial", r.block, Sums(1), nil) })
}

// begin lays images and weights ready.
func (r *runner) begin(images *Engine) {
	tape := NewTape(images, nil, Evaluate, None)
	defer tape.Close()
	zero := NewValue(tensors.FromShape(Floats(1)))
	defer zero.Set(nil)
	made := tape.Call("", waves(r.block.In[0]), []*Value{zero}, nil)[0].Hold()
	must(tape.Run())
	r.x.Take(made)
	r.params = r.plan().Params(1)
	r.tape = NewTape(r.engine, r.params, Train, Joint)
}

// waves are images of a shape whose values look random and are always the same.
func waves(s shapes.Shape) *Block {
	return &Block{Name: "waves " + s.String(), In: []shapes.Shape{Floats(1)}, Fn: func(c *Ctx, in, _ []*Node) []*Node {
		return []*Node{c.lowering.From(Sin(MulScalar(IotaFull(in[0].Graph(), s), 1.7)))}
	}}
}

// squared is a block that computes half the sum of a block's squares: its output is its cotangent
// too.
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

// round times some passes, to the moment at which the last result is there.
func (r *runner) round() {
	begin := time.Now()
	for range raceBatch {
		r.pass()
	}
	r.params[0].Value.Gradient()
	r.best = min(r.best, time.Since(begin))
	r.drop()
}

// results are the gradients of images and weights.
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

// try puts the runner out of the race when f panics.
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
