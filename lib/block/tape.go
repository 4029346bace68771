package block

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// statMomentum is the weight of the new batch in running statistics. PyTorch has the same default.
const statMomentum = 0.1

// Tape is a runner that executes every call and records it for the backward pass. Calls are queued;
// Run executes them.
//
//	logits := network(tape, images)
//	tape.Run()
//	tape.Seed(loss, 1)
//	tape.Backward(true) // now the params have gradients, and the tape is empty
type Tape struct {
	engine  *Engine
	mode    Mode
	back    Backward
	params  map[string]*Param // by label
	running map[*Param]*Value // Evaluate: on the device

	batch  *batch
	calls  []*call
	values []*Value
}

// call is one executed block.
type call struct {
	x          *executable
	param      *Param
	ins, outs  []*Value
	residuals  []array
	cotangents []array // of the sites
	statistics array
	done       slot
}

// NewTape returns an empty tape for the network of the params.
func NewTape(e *Engine, params []*Param, mode Mode, back Backward) *Tape {
	t := &Tape{engine: e, mode: mode, back: back, params: map[string]*Param{}, batch: &batch{}, running: map[*Param]*Value{}}
	for _, p := range params {
		t.params[p.Label] = p
		if mode == Evaluate && len(p.Running) > 0 {
			t.running[p] = NewValue(tensors.FromFlatDataAndDimensions(p.SyncRunning(), len(p.Running)))
		}
	}
	return t
}

// Call implements Runner. It queues the call until Run.
func (t *Tape) Call(label string, b *Block, in, into []*Value) []*Value {
	if len(in) != len(b.In) {
		exceptions.Panicf("%s: block %q takes %d inputs %v, got %d", label, b.Name, len(b.In), b.In, len(in))
	}
	add := into != nil
	if !add {
		into = Sums(b.outs())
	}
	c := &call{x: t.engine.of(b, add, t.mode, t.back), ins: in, outs: into}
	if b.size() > 0 || b.stats() > 0 {
		if c.param = t.params[label]; c.param == nil {
			exceptions.Panicf("%s: the tape was given no weights of this label", label)
		}
	}
	t.calls = append(t.calls, c)
	reads := valueSlots(in)
	if c.param != nil {
		reads = append(reads, &c.param.Value.value)
	}
	writes := append(valueSlots(into), &c.done)
	if c.x.tracks(t.engine) {
		if c.param.onDevice == nil {
			c.param.onDevice = NewValue(tensors.FromFlatDataAndDimensions(c.param.Running, len(c.param.Running)))
		}
		writes = append(writes, &c.param.onDevice.value)
	}
	for _, o := range into {
		if o.first == nil {
			o.first = c
			t.values = append(t.values, o)
		}
	}
	var free []*Value
	if t.back == None {
		free = in
		for _, v := range in {
			v.readers.Add(1)
		}
	}
	t.batch.add(reads, writes, func() {
		t.forward(c)
		for _, v := range free {
			if v.readers.Add(-1) == 0 && !v.held {
				v.free()
			}
		}
	})
	return into
}

func valueSlots(vs []*Value) []*slot {
	r := make([]*slot, len(vs), len(vs)+2)
	for i, v := range vs {
		r[i] = &v.value
	}
	return r
}

// Run executes the queued calls and updates the running statistics of norms (Train). It returns an
// error if a block does not compile or the device fails.
func (t *Tape) Run() error {
	err := t.flush()
	for _, c := range t.calls {
		if c.statistics == nil {
			continue
		}
		// all devices have the same
		for i, s := range tensors.MustCopyFlatData[float32](c.statistics.first()) {
			r := &c.param.Running[i]
			*r = (1-statMomentum)**r + statMomentum*s
		}
		c.statistics.free()
		c.statistics = nil
	}
	if t.back == None {
		t.calls = nil
	}
	return err
}

func (t *Tape) flush() error {
	err := t.batch.run(t.engine.Lanes)
	t.batch = &batch{}
	return err
}

// Seed sets the gradient of a scalar loss [], at which the backward pass starts, to factor.
func (t *Tape) Seed(v *Value, factor float32) {
	v.DropGradient()
	v.gradient = array{tensors.FromScalar(factor)}
}

// SeedFrom moves the array of cotangent, of the shape of v, to the gradient of v, at which the
// backward pass starts. It serves for the cotangent of logits if the loss is computed elsewhere.
func (t *Tape) SeedFrom(v, cotangent *Value) {
	v.DropGradient()
	v.gradient = cotangent.array
	cotangent.array = nil
}

// Backward computes the gradients of the seeded values with respect to the values made by NewValue
// and, if weights is true, to the params. It adds them to existing gradients. It frees all arrays
// of the tape and leaves the tape empty. Without weights only the executables for inputs run. A
// tape of Images never computes gradients of params. Backward returns an error if a block does not
// compile or the device fails.
func (t *Tape) Backward(weights bool) error {
	for i := len(t.calls) - 1; i >= 0; i-- {
		c := t.calls[i]
		b := c.x.block
		reads := valueSlots(c.ins)
		for _, o := range c.outs {
			reads = append(reads, &o.grad)
		}
		writes := []*slot{&c.done}
		for _, v := range c.ins[:b.diff(t.back)] {
			writes = append(writes, &v.grad)
		}
		hasWeights := c.param != nil && b.size() > 0
		if hasWeights && t.back == Joint {
			writes = append(writes, &c.param.Value.grad)
		}
		t.batch.add(reads, writes, func() { t.backwardCall(c, weights) })
		if hasWeights && weights && t.back == Separate {
			t.batch.add(valueSlots(c.ins), []*slot{&c.done, &c.param.Value.grad}, func() { t.weightGradient(c) })
		}
		for _, o := range c.outs {
			if o.first == c { // all its readers and writers have run backward
				t.batch.add(nil, []*slot{&o.value, &o.grad}, o.free)
			}
		}
	}
	err := t.flush()
	t.Release()
	return err
}

// Release frees all arrays of the tape and empties it without a backward pass.
func (t *Tape) Release() {
	for _, c := range t.calls {
		freeAll(c.residuals, c.cotangents)
	}
	for _, v := range t.values {
		v.free()
		v.first = nil
	}
	t.calls, t.values = nil, nil
}

// Close releases the tape and its copies of running statistics.
func (t *Tape) Close() {
	t.Release()
	if t.mode == Train {
		for _, p := range t.params {
			p.SyncRunning()
			p.DropDeviceRunning()
		}
	}
	for _, v := range t.running {
		v.free()
	}
}

func (v *Value) free() {
	v.DropGradient()
	v.array.free()
	v.array = nil
}

func freeAll(lists ...[]array) {
	for _, l := range lists {
		for _, a := range l {
			a.free()
		}
	}
}

// begin collects the first arguments of every executable of a call: inputs, weights, running
// statistics.
func (t *Tape) begin(c *call) *arguments {
	a := &arguments{engine: t.engine, in: make([][]compute.Buffer, t.engine.Width())}
	for _, v := range c.ins {
		a.use(&v.array)
	}
	if c.x.block.size() > 0 {
		a.use(&c.param.Value.array)
	}
	if t.mode == Evaluate && c.x.block.stats() > 0 {
		a.use(&t.running[c.param].array)
	}
	return a
}

func (t *Tape) forward(c *call) {
	x := c.x
	if err := x.compile(t.engine); err != nil {
		panic(err)
	}
	a := t.begin(c)
	tracks := x.tracks(t.engine)
	if tracks {
		a.sum(&c.param.onDevice.array, Floats(x.block.stats()))
	}
	if x.key.add {
		for i, o := range c.outs {
			a.sum(&o.array, x.outputs[i])
		}
	}
	r := a.run(x.forward)
	for i, o := range c.outs {
		o.array = r[i]
	}
	r = r[len(c.outs):]
	if tracks {
		c.param.onDevice.array, r = r[0], r[1:]
	} else if t.mode == Train && x.block.stats() > 0 {
		c.statistics, r = r[0], r[1:]
	}
	c.residuals = r
}

// backwardCall computes the gradients of the inputs from those of the outputs.
func (t *Tape) backwardCall(c *call, weights bool) {
	x := c.x
	d := x.block.diff(t.back)
	weights = weights && t.back != Images
	joint := t.back == Joint && x.block.size() > 0
	wanted := false
	for _, o := range c.outs {
		wanted = wanted || o.gradient != nil
	}
	if !wanted || d == 0 && !(weights && x.block.size() > 0) {
		freeAll(c.residuals)
		c.residuals = nil
		return
	}
	a := t.begin(c)
	for _, r := range c.residuals {
		a.give(r, t.back != Separate)
	}
	for i, o := range c.outs {
		if o.gradient == nil {
			a.zero(x.outputs[i])
		} else {
			a.use(&o.gradient)
		}
	}
	for i, v := range c.ins[:d] {
		a.sum(&v.gradient, t.engine.Lowering.Shape(x.block.In[i]))
	}
	if joint {
		a.sum(&c.param.Value.gradient, Floats(x.block.size()))
	}
	r := a.run(x.backward)
	for i, v := range c.ins[:d] {
		v.gradient = r[i]
	}
	r = r[d:]
	if joint {
		c.param.Value.gradient, r = r[0], r[1:]
	}
	c.cotangents = r
	if t.back != Separate {
		c.residuals = nil
	} else if !weights || x.block.size() == 0 {
		freeAll(c.residuals, c.cotangents)
		c.residuals, c.cotangents = nil, nil
	}
}

// weightGradient computes the gradient of the weights from the sites' cotangents.
func (t *Tape) weightGradient(c *call) {
	if c.cotangents == nil { // no gradient reached the call
		return
	}
	a := t.begin(c)
	for _, l := range [][]array{c.residuals, c.cotangents} {
		for _, r := range l {
			a.give(r, true)
		}
	}
	a.sum(&c.param.Value.gradient, Floats(c.x.block.size()))
	c.residuals, c.cotangents = nil, nil
	c.param.Value.gradient = a.run(c.x.weightGradient)[0]
}

// arguments are the arguments of one execution.
type arguments struct {
	engine *Engine
	in     [][]compute.Buffer // of every device
	donate []bool
}

// use passes an array and copies it to the other devices if necessary.
func (a *arguments) use(x *array) {
	if len(*x) < len(a.in) { // false with one device, where lanes share values
		*x = (*x).spread(len(a.in))
	}
	a.give(*x, false)
}

// give passes an array; a donated array is gone afterwards.
func (a *arguments) give(x array, donate bool) {
	buffer := (*tensors.Tensor).Buffer
	if donate {
		buffer = (*tensors.Tensor).DonateBuffer
	}
	for d := range a.in {
		device := compute.DeviceNum(d)
		if len(a.in) == 1 {
			device = a.engine.Device
		}
		b, err := buffer(x[d], a.engine.Backend, device)
		if err != nil {
			panic(fmt.Errorf("passing an array to the device: %w", err))
		}
		a.in[d] = append(a.in[d], b)
	}
	a.donate = append(a.donate, donate)
}

func (a *arguments) zero(s shapes.Shape) { a.give(a.engine.zero.of(s, len(a.in)), false) }

// sum passes the current sum, or zeros before the first call.
func (a *arguments) sum(x *array, s shapes.Shape) {
	if *x == nil {
		a.zero(s)
	} else {
		a.give((*x).spread(len(a.in)), true)
		*x = nil
	}
}

// run executes g with the arguments of all devices, and returns its outputs.
func (a *arguments) run(g *Graph) []array {
	devices := len(a.in)
	all := g.RunWithBuffers(slices.Concat(a.in...), slices.Repeat(a.donate, devices), a.engine.Device)
	out := make([]array, len(all)/devices)
	for i, t := range all {
		out[i%len(out)] = append(out[i%len(out)], t)
	}
	return out
}
