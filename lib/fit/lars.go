package fit

import (
	"fmt"
	"math"

	"github.com/essnas/essnas/lib/block"
	. "github.com/gomlx/gomlx/core/graph"
)

// LARS is layer-wise adaptive rate scaling (arXiv:1708.03888) as in the code of Barlow Twins: the
// step of each array of weights is proportional to its norm, so that large batches allow large
// steps.
//
//	g <- g + WeightDecay * w;  g <- g * Trust * |w| / |g|;  v <- Momentum * v + g;  w <- w - lr * v
//
// Vectors, which are biases and gains of norms, have neither decay nor scaling, and their learning
// rate is multiplied by Vectors. An array of zeros, or one without a gradient, is not scaled.
type LARS struct {
	Momentum, WeightDecay, Trust, Vectors float64
	// Engine is the engine of the params, or nil if the host can change them in place.
	Engine *block.Engine

	velocity velocity
}

// Step implements Optimizer.
func (o *LARS) Step(params []*block.Param, lr float64) (norm Later, err error) {
	if separateMemory(o.Engine) {
		return o.onDevice(params, lr)
	}
	return known(o.onHost(params, lr)), nil
}

func (o *LARS) onHost(params []*block.Param, lr float64) (norm float64) {
	norm = GradientNorm(params)
	finite := !math.IsNaN(norm) && !math.IsInf(norm, 0)
	for _, p := range params {
		if !p.Trainable() {
			continue
		}
		v := o.velocity.of(p)
		p.Update(func(w, g []float32) {
			if !finite || g == nil {
				return
			}
			for _, a := range p.Weights {
				n := a.Size()
				o.update(len(a.Dims) == 1, w[:n], g[:n], v[:n], lr)
				w, g, v = w[n:], g[n:], v[n:]
			}
		})
	}
	return norm
}

// onDevice makes the step on the device.
func (o *LARS) onDevice(params []*block.Param, lr float64) (Later, error) {
	numbers := []float32{float32(o.Momentum), float32(o.WeightDecay), float32(o.Trust), float32(lr), float32(lr * o.Vectors)}
	return o.velocity.step(o.Engine, params, o.velocity.host, func(p *block.Param) formula {
		return formula{lars(p.Weights), numbers}
	})
}

// lars is the formula above for the arrays of a call. Its numbers are momentum, decay, trust, and
// the learning rates of matrices and of vectors.
func lars(arrays []block.Weight) *block.Block {
	name, n := "lars", 0
	for _, a := range arrays {
		name += fmt.Sprint(" ", a.Size())
		if len(a.Dims) == 1 {
			name += "v"
		}
		n += a.Size()
	}
	return newFormula(name, n, 5, 1, func(o operands) (*Node, []*Node) {
		momentum, decay, trust := o.numbers[0], o.numbers[1], o.numbers[2]
		var ws, vs []*Node
		at := 0
		for _, a := range arrays {
			part := func(x *Node) *Node { return Slice(x, AxisRange(at, at+a.Size())) }
			w, g, rate := part(o.w), part(o.g), o.numbers[4]
			if len(a.Dims) != 1 {
				rate = o.numbers[3]
				g = Add(g, Mul(decay, w))
				weights, gradient := L2Norm(w), L2Norm(g)
				scaled := Mul(g, Div(Mul(trust, weights), gradient))
				g = Where(And(GreaterThan(weights, ZerosLike(weights)), GreaterThan(gradient, ZerosLike(gradient))), scaled, g)
			}
			v := Add(Mul(momentum, part(o.memory[0])), g)
			vs, ws = append(vs, v), append(ws, Sub(w, Mul(rate, v)))
			at += a.Size()
		}
		return Concatenate(ws, 0), []*Node{Concatenate(vs, 0)}
	})
}

// update updates one array.
func (o *LARS) update(vector bool, w, g, v []float32, lr float64) {
	decay, scale := o.WeightDecay, 1.0
	if vector {
		decay, lr = 0, lr*o.Vectors
	} else {
		var weights, gradient float64
		for i, x := range w {
			weights += float64(x) * float64(x)
			d := float64(g[i]) + decay*float64(x)
			gradient += d * d
		}
		if weights > 0 && gradient > 0 {
			scale = o.Trust * math.Sqrt(weights) / math.Sqrt(gradient)
		}
	}
	for i := range w {
		d := scale * (float64(g[i]) + decay*float64(w[i]))
		v[i] = float32(o.Momentum*float64(v[i]) + d)
		w[i] -= float32(lr * float64(v[i]))
	}
}

// Close implements Optimizer.
func (o *LARS) Close() { o.velocity.close() }

// Save implements Optimizer.
func (o *LARS) Save(s State, params []*block.Param) { o.velocity.save(s, params) }

// Load implements Optimizer.
func (o *LARS) Load(s State, params []*block.Param) error { return o.velocity.load(s, params) }
