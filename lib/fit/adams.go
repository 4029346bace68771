package fit

import (
	"math"

	"github.com/essnas/essnas/lib/block"
	. "github.com/gomlx/gomlx/core/graph"
)

// Adams holds one [Adam] per param of a network.
type Adams struct {
	Beta1, Beta2, WeightDecay float64
	// Engine is the engine of the params, or nil if the host can change them in place.
	Engine *block.Engine

	device
	each map[string]*Adam // by label
}

// Step implements Optimizer.
func (o *Adams) Step(params []*block.Param, lr float64) (norm Later, err error) {
	if separateMemory(o.Engine) {
		return o.onDevice(params, lr)
	}
	return known(o.onHost(params, lr)), nil
}

func (o *Adams) onHost(params []*block.Param, lr float64) (norm float64) {
	norm = GradientNorm(params)
	finite := !math.IsNaN(norm) && !math.IsInf(norm, 0)
	for _, p := range params {
		if p.Trainable() {
			p.Update(func(w, g []float32) {
				if finite && g != nil {
					o.of(p).Step(w, g, lr)
				}
			})
		}
	}
	return norm
}

// onDevice makes the step on the device. A step with a gradient that is not finite counts in the
// bias correction of the moments, but no run continues after it.
func (o *Adams) onDevice(params []*block.Param, lr float64) (Later, error) {
	return o.device.step(o.Engine, params, o.host, func(p *block.Param) formula {
		return formula{adam(p.Value.Tensor().Size()), o.of(p).Next(lr)}
	})
}

// AdamNumbers is the length of AdamStep's vector of numbers.
const AdamNumbers = 7

// Next counts a step on the device and returns its numbers for AdamStep, [AdamNumbers].
func (o *Adam) Next(lr float64) []float32 {
	o.step++
	return o.numbers(lr)
}

// Moments returns the moments m and v [n] of a vector, to continue on the device; SetMoments brings
// them back.
func (o *Adam) Moments(n int) (m, v []float32) {
	if o.m == nil {
		o.m, o.v = make([]float32, n), make([]float32, n)
	}
	return o.m, o.v
}

// SetMoments sets the moments m and v [n]. It is the inverse of Moments.
func (o *Adam) SetMoments(m, v []float32) { o.m, o.v = m, v }

// AdamStep builds Adam.Step in a graph: numbers [AdamNumbers] of Adam.Next, weights, gradient and
// moments [n] in; new weights and moments [n] out.
func AdamStep(numbers, w, g, m, v *Node) (*Node, *Node, *Node) {
	number := func(i int) *Node { return Reshape(Slice(numbers, AxisElem(i))) }
	g = Add(g, Mul(number(4), w))
	m = Add(Mul(number(0), m), Mul(number(1), g))
	v = Add(Mul(number(2), v), Mul(number(3), Square(g)))
	return Sub(w, Div(Mul(number(5), m), AddScalar(Sqrt(Mul(number(6), v)), 1e-8))), m, v
}

// numbers returns the numbers of AdamStep for the current step.
func (o *Adam) numbers(lr float64) []float32 {
	c1 := 1 - math.Pow(o.Beta1, float64(o.step))
	c2 := 1 - math.Pow(o.Beta2, float64(o.step))
	return []float32{float32(o.Beta1), float32(1 - o.Beta1), float32(o.Beta2), float32(1 - o.Beta2), float32(o.WeightDecay), float32(lr / c1), float32(1 / c2)}
}

func adam(n int) *block.Block {
	return newFormula("adam", n, AdamNumbers, 2, func(o operands) (*Node, []*Node) {
		w, m, v := AdamStep(o.all, o.w, o.g, o.memory[0], o.memory[1])
		return w, []*Node{m, v}
	})
}

// host returns the state of a param.
func (o *Adams) host(p *block.Param) [][]float32 {
	m, v := o.of(p).Moments(p.Value.Tensor().Size())
	return [][]float32{m, v}
}

func (o *Adams) of(p *block.Param) *Adam {
	if o.each == nil {
		o.each = map[string]*Adam{}
	}
	a := o.each[p.Label]
	if a == nil {
		a = &Adam{Beta1: o.Beta1, Beta2: o.Beta2, WeightDecay: o.WeightDecay}
		o.each[p.Label] = a
	}
	return a
}

// Close implements Optimizer.
func (o *Adams) Close() { o.device.close() }

// Save implements Optimizer.
func (o *Adams) Save(s State, params []*block.Param) {
	if o.memory != nil {
		o.fetch(params, o.host)
	}
	for _, p := range params {
		if p.Trainable() {
			o.of(p).Save(s, "adam/"+p.Label)
		}
	}
}

// Load implements Optimizer.
func (o *Adams) Load(s State, params []*block.Param) error {
	o.device.close()
	for _, p := range params {
		if p.Trainable() {
			if err := o.of(p).Load(s, "adam/"+p.Label); err != nil {
				return err
			}
		}
	}
	return nil
}
