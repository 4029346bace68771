package fit

import (
	"fmt"
	"math"

	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// This file runs the optimizers on devices whose memory is separate from the host's: otherwise each
// step would transfer all weights twice. A step consists of small blocks, each compiled once for
// the arrays of a call, so compile time does not depend on the depth of the network.

// Later is a number that may still be in transit from the device: calling it waits for it.
type Later func() float64

func known(x float64) Later { return func() float64 { return x } }

// device is the state of an optimizer on the device.
type device struct {
	memory [][]*block.Value // state per trainable param; nil if the host's state is up to date
}

// separateMemory reports whether the host can't change an engine's weights in place.
func separateMemory(e *block.Engine) bool { return e != nil && e.SeparateMemory() }

// formula is the update of a param: a block (see newFormula) and its numbers.
type formula struct {
	block   *block.Block
	numbers []float32
}

// operands are the operands of a formula: weights and gradient [n], the states [n] each, the
// numbers [numbers], and the norm of all gradients.
type operands struct {
	w, g, norm *Node
	memory     []*Node
	all        *Node   // all numbers
	numbers    []*Node // one by one
}

// newFormula returns the block that maps weights, gradient, sum of squares [1], numbers and states
// of a param to new weights and states. A gradient that is not finite changes nothing.
func newFormula(name string, n, numbers, memories int, f func(o operands) (w *Node, memory []*Node)) *block.Block {
	b := &block.Block{
		Name: fmt.Sprintf("%s %d", name, n),
		In:   []shapes.Shape{block.Floats(n), block.Floats(n), block.Floats(1), block.Floats(numbers)},
		Outs: 1 + memories,
	}
	for range memories {
		b.In = append(b.In, block.Floats(n))
	}
	b.Const = len(b.In)
	b.Fn = func(c *block.Ctx, in, _ []*Node) []*Node {
		o := operands{w: in[0], g: c.Total(in[1]), norm: Sqrt(Reshape(in[2])), memory: in[4:], all: in[3]}
		for i := range numbers {
			o.numbers = append(o.numbers, Reshape(Slice(in[3], AxisElem(i))))
		}
		w, memory := f(o)
		finite := IsFinite(o.norm)
		out := []*Node{Where(finite, w, o.w)}
		for i, m := range memory {
			out = append(out, Where(finite, m, o.memory[i]))
		}
		return out
	}
	return b
}

// squares adds the sum of squares of a gradient [n] to a sum [1]. Each device holds a part of the
// gradient.
func squares(n int) *block.Block {
	return &block.Block{
		Name:  fmt.Sprintf("squares %d", n),
		In:    []shapes.Shape{block.Floats(n), block.Floats(1)},
		Const: 2,
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			return []*Node{Add(in[1], Reshape(ReduceAllSum(Square(c.Total(in[0]))), 1))}
		},
	}
}

func numbers(x ...float32) *block.Value {
	return block.NewValue(tensors.FromFlatDataAndDimensions(x, len(x)))
}

// step updates all params with a gradient and returns the gradients' norm. host returns the
// optimizer's state of a param on the host, from which the first step starts.
func (d *device) step(e *block.Engine, params []*block.Param, host func(p *block.Param) [][]float32, of func(p *block.Param) formula) (Later, error) {
	tape := block.NewTape(e, nil, block.Evaluate, block.None)
	defer tape.Close()
	zero := numbers(0)
	defer zero.Set(nil)
	sum := zero
	gradients := make([]*block.Value, len(params))
	for i, p := range params {
		if gradients[i] = p.Value.TakeGradient(); gradients[i] != nil {
			defer gradients[i].Set(nil)
			sum = tape.Call("", squares(p.Value.Tensor().Size()), []*block.Value{gradients[i], sum}, nil)[0]
		}
	}
	sum.Hold()
	d.begin(params, host)
	type change struct{ old, next *block.Value }
	var changes []change
	given := map[string]*block.Value{}
	memory := d.memory
	for i, p := range params {
		if !p.Trainable() {
			continue
		}
		own := memory[0]
		memory = memory[1:]
		if gradients[i] == nil {
			continue
		}
		f := of(p)
		key := fmt.Sprint(f.numbers)
		if given[key] == nil {
			given[key] = numbers(f.numbers...)
			defer given[key].Set(nil)
		}
		next := tape.Call("", f.block, append([]*block.Value{p.Value, gradients[i], sum, given[key]}, own...), nil)
		for j, old := range append([]*block.Value{p.Value}, own...) {
			changes = append(changes, change{old, next[j].Hold()})
		}
	}
	if err := tape.Run(); err != nil {
		return nil, fmt.Errorf("updating the weights: %w", err)
	}
	for _, c := range changes {
		c.old.Take(c.next)
	}
	if sum == zero {
		return known(0), nil
	}
	kept := block.NewValue(nil)
	kept.Take(sum)
	return func() float64 {
		defer kept.Set(nil)
		return math.Sqrt(float64(kept.Floats()[0]))
	}, nil
}

// begin copies the host's state to the device. The host's copy is out of date until fetch.
func (d *device) begin(params []*block.Param, host func(p *block.Param) [][]float32) {
	if d.memory != nil {
		return
	}
	for _, p := range params {
		if p.Trainable() {
			var own []*block.Value
			for _, v := range host(p) {
				own = append(own, numbers(v...))
			}
			d.memory = append(d.memory, own)
		}
	}
}

// fetch updates the host's state.
func (d *device) fetch(params []*block.Param, host func(p *block.Param) [][]float32) {
	memory := d.memory
	for _, p := range params {
		if len(memory) == 0 || !p.Trainable() {
			continue
		}
		for j, v := range host(p) {
			copy(v, memory[0][j].Floats())
		}
		memory = memory[1:]
	}
}

// close frees the state on the device. State that was not fetched is lost.
func (d *device) close() {
	for _, own := range d.memory {
		for _, v := range own {
			v.Set(nil)
		}
	}
	d.memory = nil
}
