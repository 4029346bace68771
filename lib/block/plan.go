package block

import (
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Plan is a runner that computes nothing: it notes which blocks a network calls. It needs no backend.
type Plan struct{ Calls []PlannedCall }

// PlannedCall is one call of a network.
type PlannedCall struct {
	Label string
	Block *Block
	Add   bool // its outputs are added to sums
}

// NewPlan notes the calls that network makes.
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
	p.Calls = append(p.Calls, PlannedCall{label, b, into != nil})
	if into == nil {
		return Sums(b.outs())
	}
	if len(into) != b.outs() {
		exceptions.Panicf("%s: block %q has %d outputs, got %d sums", label, b.Name, b.outs(), len(into))
	}
	return into
}

// Count returns the number of weights, and of multiply-accumulates (MACs) of one image in one forward pass.
func (p *Plan) Count() (weights, macs int) {
	for _, c := range p.Calls {
		for _, w := range c.Block.Weights {
			weights += w.Size()
			macs += w.Size() * w.Positions
		}
	}
	return
}

// Param is what a call owns: its weights as one flat vector, and the running statistics of its norms.
type Param struct {
	Label   string
	Weights []Weight
	// Value is the flat vector; after a backward pass it has a gradient.
	Value *Value
	// Running are the means and variances of the tracked norms, norm by norm.
	Running []float32
	block   *Block
}

// Params draws the initial weights of every call. They depend on the seed and on the call's label alone.
func (p *Plan) Params(seed uint64) []*Param {
	var r []*Param
	seen := map[string]bool{}
	for _, c := range p.Calls {
		if c.Block.size() == 0 && c.Block.stats() == 0 {
			continue
		}
		if seen[c.Label] {
			exceptions.Panicf("two calls with weights are labelled %q", c.Label)
		}
		seen[c.Label] = true
		q := &Param{Label: c.Label, Weights: c.Block.Weights, Running: c.Block.unit(), block: c.Block, Value: &Value{}}
		if flat := c.Block.initial(seed, c.Label); len(flat) > 0 {
			q.Value = NewValue(tensors.FromFlatDataAndDimensions(flat, len(flat)))
		}
		r = append(r, q)
	}
	return r
}

// Update gives f the weights, to be changed in place, and their gradient (nil when none arrived), which is freed afterwards.
func (p *Param) Update(f func(weights, gradient []float32)) {
	tensors.MustMutableFlatData(p.Value.tensor, func(w []float32) {
		if p.Value.gradient == nil {
			f(w, nil)
			return
		}
		tensors.MustConstFlatData(p.Value.gradient, func(g []float32) { f(w, g) })
	})
	p.Value.DropGradient()
}

// Trainable says whether the call has weights; others have running statistics only.
func (p *Param) Trainable() bool { return p.Value.tensor != nil }

// Inspect gives f the weights and their gradient (nil when none arrived), to read.
func (p *Param) Inspect(f func(weights, gradient []float32)) {
	tensors.MustConstFlatData(p.Value.tensor, func(w []float32) {
		if p.Value.gradient == nil {
			f(w, nil)
			return
		}
		tensors.MustConstFlatData(p.Value.gradient, func(g []float32) { f(w, g) })
	})
}
