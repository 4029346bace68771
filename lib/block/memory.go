package block

import (
	"fmt"
	"slices"

	"github.com/essnas/essnas/lib/memory/footprint"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Pass describes a pass of a tape. Engine.Memory computes its memory before compilation.
type Pass struct {
	// Network makes the calls. It returns the values at which the backward pass starts, or, in a
	// forward-only pass (Back is None), the values that outlive the pass.
	Network func(r Runner) []*Value
	Mode    Mode
	Back    Backward
	Weights bool // include gradients of the weights
}

// Memory simulates a pass task by task on the engine's lanes, like a tape, and records the arrays
// at each moment. It builds the graphs of blocks and does not compile them. With one lane the
// arrays are exact. With more lanes they depend on the duration of each call, which is assumed to
// be proportional to its arrays. Memory returns an error if a block's function panics.
func (e *Engine) Memory(p Pass) (m footprint.Pass, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	w := &simulation{
		engine: e, pass: p, batch: &batch{}, known: map[string]*executable{}, zeros: map[string]bool{},
		arrays: map[*Value]int64{}, gradients: map[*Value]int64{}, readers: map[*Value]int{}, params: map[string]*Value{},
	}
	plan := &Plan{}
	ends := p.Network(plan)
	w.forward(plan, ends)
	w.play()
	for _, n := range w.statistics {
		w.held -= n
	}
	if p.Back != None {
		for _, v := range ends {
			w.seeded(v)
		}
		w.backward()
		w.play()
	}
	w.Left = w.held
	return w.Pass, nil
}

// simulation is the state of a simulated pass. Sizes are in bytes; 0 marks a missing array.
type simulation struct {
	footprint.Pass
	engine *Engine
	pass   Pass
	known  map[string]*executable

	calls             []*simulatedCall
	arrays, gradients map[*Value]int64
	readers           map[*Value]int    // forward only: number of remaining readers
	params            map[string]*Value // by label
	zeros             map[string]bool   // by shape
	statistics        []int64

	batch   *batch
	effects []effect
	held    int64
}

// simulatedCall is a simulated call.
type simulatedCall struct {
	x                     *executable
	param                 *Value
	ins, outs             []*Value
	residuals, cotangents int64
}

// effect is the effect of a task on the memory.
type effect struct {
	makes, scratch, frees int64
	last                  []*Value // forward only: its inputs, freed by their last reader
}

func size(all ...shapes.Shape) (n int64) {
	for _, s := range all {
		n += int64(s.ByteSize())
	}
	return
}

// shaped returns a block's executable with the shapes of all its arrays, not compiled.
func (w *simulation) shaped(b *Block) *executable {
	if x, ok := w.known[b.Name]; ok {
		return x
	}
	x := &executable{block: b, key: execKey{b.Name, false, w.pass.Mode, w.pass.Back}}
	if w.pass.Back == Images {
		x.unread = x.findUnread(w.engine)
	}
	x.dry = true
	c := &Ctx{mode: w.pass.Mode, part: forward}
	g, in, weights, _ := x.begin(w.engine, ".shapes", c)
	x.outputs = w.engine.Lowering.kept(b.Fn(c, in, weights))
	if x.key.savesValues() {
		x.residuals, x.cotangents, x.recomputed = shapesOf(c.saved), c.sites, c.recomputed
	}
	g.Finalize()
	w.known[b.Name] = x
	return x
}

// zero returns the size of a cached array of zeros.
func (w *simulation) zero(s shapes.Shape) int64 {
	if w.zeros[s.String()] {
		return 0
	}
	w.zeros[s.String()] = true
	return size(s)
}

// sum simulates a sum that an executable adds to: the previous array is donated, and at first it is
// zeros.
func (w *simulation) sum(f *effect, of map[*Value]int64, v *Value, s shapes.Shape) {
	if of[v] == 0 {
		f.makes += w.zero(s)
	}
	f.frees += of[v]
	of[v] = size(s)
	f.makes += of[v]
}

func (w *simulation) add(reads, writes []*slot, f effect) {
	w.batch.add(reads, writes, nil)
	w.effects = append(w.effects, f)
}

func (w *simulation) forward(plan *Plan, ends []*Value) {
	made := map[*Value]bool{}
	for _, c := range plan.Calls {
		x := w.shaped(c.Block)
		k := &simulatedCall{x: x, ins: c.in, outs: c.out}
		reads, writes := valueSlots(c.in), valueSlots(c.out)
		if c.Block.size() > 0 || c.Block.stats() > 0 {
			if k.param = w.params[c.Label]; k.param == nil {
				k.param = &Value{}
				w.params[c.Label] = k.param
				w.Weights += size(Floats(c.Block.size()))
				if w.pass.Mode == Evaluate {
					w.Weights += size(Floats(c.Block.stats()))
				}
			}
			reads = append(reads, &k.param.value)
		}
		for i, v := range c.in {
			w.readers[v]++
			if !made[v] {
				made[v] = true
				w.Inputs += size(w.engine.Lowering.Shape(c.Block.In[i]))
			}
		}
		f := effect{scratch: w.scratch(x, forward)}
		for i, v := range c.out {
			made[v] = true
			if c.Add {
				w.sum(&f, w.arrays, v, x.outputs[i])
			} else {
				w.arrays[v] = size(x.outputs[i])
				f.makes += w.arrays[v]
			}
		}
		if n := c.Block.stats(); n > 0 && w.pass.Mode == Train {
			w.statistics = append(w.statistics, size(Floats(n)))
			f.makes += size(Floats(n))
		}
		k.residuals = size(x.residuals...)
		f.makes += k.residuals
		if w.pass.Back == None {
			f.last = c.in
		}
		w.add(reads, writes, f)
		w.calls = append(w.calls, k)
	}
	for _, v := range ends {
		w.readers[v]++ // the caller reads it too
	}
}

// seeded gives a scalar value its gradient.
func (w *simulation) seeded(v *Value) {
	w.gradients[v] = size(shapes.Make(dtypes.Float32))
	w.held += w.gradients[v]
}

func (w *simulation) backward() {
	for i, c := range slices.Backward(w.calls) {
		b := c.x.block
		reads := valueSlots(c.ins)
		for _, o := range c.outs {
			reads = append(reads, &o.grad)
		}
		var writes []*slot
		for _, v := range c.ins[:b.diff(w.pass.Back)] {
			writes = append(writes, &v.grad)
		}
		if b.size() > 0 && w.pass.Back != Images {
			writes = append(writes, &c.param.grad)
		}
		pulled := w.backwardCall(c)
		w.add(reads, writes, pulled)
		if c.cotangents > 0 {
			f := effect{scratch: w.scratch(c.x, weights), frees: c.residuals + c.cotangents}
			w.sum(&f, w.gradients, c.param, Floats(b.size()))
			w.add(valueSlots(c.ins), []*slot{&c.param.grad}, f)
		}
		for _, o := range c.outs {
			if w.first(o) == i {
				w.add(nil, []*slot{&o.value, &o.grad}, effect{frees: w.arrays[o] + w.gradients[o]})
			}
		}
	}
}

// first returns the index of the first call that adds to a value.
func (w *simulation) first(v *Value) int {
	return slices.IndexFunc(w.calls, func(c *simulatedCall) bool { return slices.Contains(c.outs, v) })
}

// backwardCall simulates Tape.backwardCall.
func (w *simulation) backwardCall(c *simulatedCall) (f effect) {
	b := c.x.block
	trained := w.pass.Weights && b.size() > 0 && w.pass.Back != Images
	if !slices.ContainsFunc(c.outs, func(v *Value) bool { return w.gradients[v] > 0 }) || b.diff(w.pass.Back) == 0 && !trained {
		return effect{frees: c.residuals}
	}
	for i, o := range c.outs {
		if w.gradients[o] == 0 {
			f.makes += w.zero(c.x.outputs[i])
		}
	}
	for i, v := range c.ins[:b.diff(w.pass.Back)] {
		w.sum(&f, w.gradients, v, w.engine.Lowering.Shape(b.In[i]))
	}
	if w.pass.Back != Separate {
		if b.size() > 0 && w.pass.Back == Joint {
			w.sum(&f, w.gradients, c.param, Floats(b.size()))
		}
		f.scratch = w.scratch(c.x, joint)
		f.frees += c.residuals
		return f
	}
	f.scratch = w.scratch(c.x, inputs)
	f.makes += size(c.x.cotangents...)
	if trained {
		c.cotangents = size(c.x.cotangents...)
	} else {
		f.frees += c.residuals + size(c.x.cotangents...)
	}
	return f
}

// play runs the tasks on the lanes with the bytes that each allocates and frees, and records the
// peak.
func (w *simulation) play() {
	type running struct {
		index int
		until int64
	}
	var ready intHeap
	for _, k := range w.batch.tasks {
		if k.wait == 0 {
			ready.Push(k.index)
		}
	}
	slices.Sort(ready) // a sorted list is a heap
	var lanes []running
	var now, scratch int64
	for len(ready) > 0 || len(lanes) > 0 {
		if len(ready) > 0 && len(lanes) < max(1, w.engine.Lanes) {
			i := ready.pop()
			f := w.effects[i]
			w.held += f.makes
			scratch += f.scratch
			if w.held+scratch > w.Arrays+w.Scratch {
				w.Arrays, w.Scratch = w.held, scratch
			}
			lanes = append(lanes, running{i, now + f.makes + f.frees})
			continue
		}
		next := 0
		for i, l := range lanes {
			if l.until < lanes[next].until {
				next = i
			}
		}
		l := lanes[next]
		lanes = slices.Delete(lanes, next, next+1)
		now = l.until
		f := w.effects[l.index]
		w.held -= f.frees
		scratch -= f.scratch
		for _, v := range f.last {
			if w.readers[v]--; w.readers[v] == 0 {
				w.held -= w.arrays[v]
			}
		}
		for _, n := range w.batch.tasks[l.index].next {
			if n.wait--; n.wait == 0 {
				ready.push(n.index)
			}
		}
	}
	w.batch, w.effects = &batch{}, nil
}

// scratch estimates the working memory of one of a block's executables. XLA reports it only after
// compilation. In these networks it is a third to a half of inputs and outputs, plus all recomputed
// values.
func (w *simulation) scratch(x *executable, p part) int64 {
	in, out := size(w.engine.Lowering.shapes(x.block.In)...), size(x.outputs...)
	saved, recomputed := size(x.residuals...), size(x.recomputed...)
	switch p {
	case forward:
		return (in+out+saved)/3 + recomputed
	case weights:
		return (in+saved+size(x.cotangents...))/3 + recomputed
	}
	return (2*in+out+saved)/2 + recomputed
}
