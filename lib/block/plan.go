package block

import (
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Plan is a runner that records the calls of a network and computes nothing. It needs no backend.
type Plan struct{ Calls []PlannedCall }

// PlannedCall is one call of a network.
type PlannedCall struct {
	Label string
	Block *Block
	Add   bool // its outputs are added to sums

	in, out []*Value
}

// NewPlan records the calls of network.
func NewPlan(network func(r Runner)) *Plan {
	p := &Plan{}
	network(p)
	return p
}

// Call implements Runner.
func (p *Plan) Call(label string, b *Block, in, into []*Value) []*Value {
	if len(in) != len(b.In) {
		exceptions.Panicf("%s: block %q takes %d inputs %v, got %d", label, b.Name, len(b.In), b.In, len(in))
	}
	out := into
	if out == nil {
		out = Sums(b.outs())
	}
	if len(out) != b.outs() {
		exceptions.Panicf("%s: block %q has %d outputs, got %d sums", label, b.Name, b.outs(), len(into))
	}
	p.Calls = append(p.Calls, PlannedCall{label, b, into != nil, in, out})
	return out
}

// owners returns the first call of each label with weights or running statistics, which later calls
// of the label share.
func (p *Plan) owners() (first []PlannedCall) {
	seen := map[string]*Block{}
	for _, c := range p.Calls {
		if c.Block.size() == 0 && c.Block.stats() == 0 {
			continue
		}
		b, ok := seen[c.Label]
		if !ok {
			seen[c.Label] = c.Block
			first = append(first, c)
		} else if b.size() != c.Block.size() || b.stats() != c.Block.stats() {
			exceptions.Panicf("%q labels the weights of block %q and of block %q, which can't share them", c.Label, b.Name, c.Block.Name)
		}
	}
	return
}

// Labels returns the labels with weights or running statistics in the order of their first calls.
func (p *Plan) Labels() (labels []string) {
	for _, c := range p.owners() {
		labels = append(labels, c.Label)
	}
	return
}

// Count returns the number of weights, and the multiply-accumulates (MACs) of one image in one
// forward pass. Calls that share weights each count for the MACs.
func (p *Plan) Count() (weights, macs int) {
	for _, c := range p.owners() {
		weights += c.Block.size()
	}
	for _, c := range p.Calls {
		macs += c.Block.MACs
		for _, w := range c.Block.Weights {
			macs += w.Size() * w.Positions
		}
	}
	return
}

// Param holds the weights of a label as one flat vector, and the running statistics of its norms.
type Param struct {
	Label   string
	Weights []Weight
	// Value is the flat vector; after a backward pass it has a gradient.
	Value *Value
	// Running holds means and variances of the tracked norms, norm by norm; see SyncRunning.
	Running []float32
	// the copy on a device with separate memory during training; nil if Running is up to date
	onDevice *Value
}

// SyncRunning updates Running from the device and returns it, [mean and variance of every channel].
// Training on devices with separate memory changes the device's copy only.
func (p *Param) SyncRunning() []float32 {
	if p.onDevice != nil {
		copy(p.Running, p.onDevice.Floats())
	}
	return p.Running
}

// DropDeviceRunning discards the device's copy after a change of Running.
func (p *Param) DropDeviceRunning() {
	if p.onDevice != nil {
		p.onDevice.Set(nil)
		p.onDevice = nil
	}
}

// Params draws the initial weights of every label. They depend on the seed and on the label alone.
func (p *Plan) Params(seed uint64) []*Param {
	var r []*Param
	for _, c := range p.owners() {
		q := &Param{Label: c.Label, Weights: c.Block.Weights, Running: c.Block.unit(), Value: &Value{}}
		if flat := c.Block.initial(seed, c.Label); len(flat) > 0 {
			q.Value = NewValue(tensors.FromFlatDataAndDimensions(flat, len(flat)))
		}
		r = append(r, q)
	}
	return r
}

// Update calls f with the flat vector of weights, to change in place, and its gradient of the same
// length (nil if none arrived). The gradient is freed afterwards.
func (p *Param) Update(f func(weights, gradient []float32)) {
	v := p.Value
	v.array[1:].free() // other devices' copies of the old weights
	v.array = v.array[:1]
	tensors.MustMutableFlatData(v.Tensor(), func(w []float32) { v.withGradient(func(g []float32) { f(w, g) }) })
	v.DropGradient()
}

// Trainable reports whether there are weights; other params have running statistics only.
func (p *Param) Trainable() bool { return p.Value.array != nil }

// Inspect calls f with the flat vector of weights and its gradient of the same length (nil if none
// arrived), to read.
func (p *Param) Inspect(f func(weights, gradient []float32)) {
	v := p.Value
	tensors.MustConstFlatData(v.Tensor(), func(w []float32) { v.withGradient(func(g []float32) { f(w, g) }) })
}

// withGradient calls f with the gradient, without a copy if one device has it.
func (v *Value) withGradient(f func(gradient []float32)) {
	if len(v.gradient) == 1 {
		tensors.MustConstFlatData(v.gradient[0], f)
		return
	}
	f(v.gradient.total())
}
