package fit

import (
	"math"

	"github.com/essnas/essnas/lib/block"
)

// LARS is layer-wise adaptive rate scaling (arXiv:1708.03888), as the code of Barlow Twins has it: each array of weights takes steps in proportion to its own
// norm, so that large batches can take large ones.
//
//	g <- g + WeightDecay * w;  g <- g * Trust * |w| / |g|;  v <- Momentum * v + g;  w <- w - lr * v
//
// Vectors, which are biases and the gains of norms, have neither decay nor scaling, and Vectors times the learning rate. An array that is 0 or has no gradient is
// not scaled.
type LARS struct {
	Momentum, WeightDecay, Trust, Vectors float64
	velocity                              velocity
}

// Step implements Optimizer.
func (o *LARS) Step(params []*block.Param, lr float64) (norm float64, err error) {
	norm = GradientNorm(params)
	finite := !math.IsNaN(norm) && !math.IsInf(norm, 0)
	o.velocity.of(params, func(p *block.Param, v []float32) {
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
	})
	return norm, nil
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
func (o *LARS) Close() {}

// Save implements Optimizer.
func (o *LARS) Save(s State, params []*block.Param) { o.velocity.save(s, params) }

// Load implements Optimizer.
func (o *LARS) Load(s State, params []*block.Param) error { return o.velocity.load(s, params) }
