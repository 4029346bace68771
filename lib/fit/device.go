package fit

import (
	"fmt"
	"math"

	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// This file is SGD's step on the device, for devices whose memory is not the host's: there all weights would have to cross the bus twice in every step. It is
// made of two blocks, each compiled once for each length of a flat vector, so nothing depends on a network's depth here either.

// squares adds the sum of a gradient's squares to another sum: gradient [n], sum [1] -> sum [1]. Each device has a part of the gradient.
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

// update is SGD's formula: weights, gradient and velocity [n], the sum of the gradient's squares [1], and the numbers clip, decay, momentum, rate [4]
// -> weights and velocity. A gradient that isn't finite changes nothing.
func update(n int) *block.Block {
	return &block.Block{
		Name:  fmt.Sprintf("sgd %d", n),
		In:    []shapes.Shape{block.Floats(n), block.Floats(n), block.Floats(n), block.Floats(1), block.Floats(4)},
		Const: 5,
		Outs:  2,
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			w, g, v := in[0], c.Total(in[1]), in[2]
			number := func(i int) *Node { return Reshape(Slice(in[4], AxisElem(i))) }
			norm := Sqrt(Reshape(in[3]))
			clip := MinScalar(Div(number(0), AddScalar(norm, 1e-6)), 1)
			next := Add(Mul(number(2), v), Add(Mul(clip, g), Mul(number(1), w)))
			finite := IsFinite(norm)
			return []*Node{Where(finite, Sub(w, Mul(number(3), next)), w), Where(finite, next, v)}
		},
	}
}

// onDevice is Step on the device: one number comes back, the norm.
func (o *SGD) onDevice(params []*block.Param, lr float64) (norm float64, err error) {
	tape := block.NewTape(o.Engine, nil, block.Evaluate, block.None)
	defer tape.Close()
	numbers := func(x ...float32) *block.Value { return block.NewValue(tensors.FromFlatDataAndDimensions(x, len(x))) }
	zero, settings := numbers(0), numbers(float32(o.Clip), float32(o.WeightDecay), float32(o.Momentum), float32(lr))
	defer zero.Set(nil)
	defer settings.Set(nil)

	gradients := make([]*block.Value, len(params))
	sum := zero
	for i, p := range params {
		if gradients[i] = p.Value.TakeGradient(); gradients[i] != nil {
			defer gradients[i].Set(nil)
			sum = tape.Call("", squares(p.Value.Tensor().Size()), []*block.Value{gradients[i], sum}, nil)[0]
		}
	}
	sum.Hold()
	velocity := o.velocitiesOnDevice(params)
	type change struct{ old, next *block.Value }
	var changes []change
	for i, p := range params {
		if !p.Trainable() {
			continue
		}
		v := velocity[0]
		velocity = velocity[1:]
		if gradients[i] == nil {
			continue
		}
		next := tape.Call("", update(p.Value.Tensor().Size()), []*block.Value{p.Value, gradients[i], v, sum, settings}, nil)
		changes = append(changes, change{p.Value, next[0].Hold()}, change{v, next[1].Hold()})
	}
	if err := tape.Run(); err != nil {
		return 0, fmt.Errorf("updating the weights: %w", err)
	}
	for _, c := range changes {
		c.old.Take(c.next)
	}
	return math.Sqrt(float64(sum.Floats()[0])), nil
}

// velocitiesOnDevice are copies of the host's, which are out of date from then on; fetch brings them up to date.
func (o *SGD) velocitiesOnDevice(params []*block.Param) []*block.Value {
	if o.device == nil {
		o.velocity.of(params, func(_ *block.Param, v []float32) {
			o.device = append(o.device, block.NewValue(tensors.FromFlatDataAndDimensions(v, len(v))))
		})
	}
	return o.device
}

// Close frees what the optimizer has on the device; what it knows stays on the host.
func (o *SGD) Close() {
	o.fetch()
	for _, v := range o.device {
		v.Set(nil)
	}
	o.device = nil
}

// fetch brings the host's velocities up to date.
func (o *SGD) fetch() {
	for i, v := range o.device {
		copy(o.velocity[i], v.Floats())
	}
}
