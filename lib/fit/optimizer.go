package fit

import (
	"math"

	"github.com/essnas/essnas/lib/block"
	. "github.com/gomlx/gomlx/core/graph"
)

// On devices that share the host's memory (CPUs), optimizers run on the host, on the flat weight
// vectors of a network's calls. A step over some million weights takes milliseconds there and needs
// no compilation. On other devices they run on the device (device.go).

// Optimizer updates the weights of a network.
type Optimizer interface {
	// Step updates the weights by their gradients, frees the gradients, and returns their norm. If
	// the norm is not finite, no weight was updated. Step returns an error if the device fails.
	Step(params []*block.Param, lr float64) (norm Later, err error)
	// Save adds the optimizer's state to a checkpoint, and Load reads it. Load returns an error if
	// the checkpoint lacks it or belongs to other settings.
	Save(s State, params []*block.Param)
	Load(s State, params []*block.Param) error
	// Close frees the optimizer's state on the device.
	Close()
}

// SGD is PyTorch's stochastic gradient descent with momentum and an L2 penalty, after clipping the
// norm of the gradient:
//
//	g <- g * min(1, Clip / (|g| + 1e-6)) + WeightDecay * w;  v <- Momentum * v + g;  w <- w - lr * v
type SGD struct {
	Momentum, WeightDecay, Clip float64
	// Engine is the engine of the params, or nil if the host can change them in place.
	Engine *block.Engine

	velocity velocity
}

// Step updates the weights by their gradients, frees the gradients, and returns their norm before
// clipping. If the norm is not finite, no weight is updated. Step returns an error if the device
// fails.
func (o *SGD) Step(params []*block.Param, lr float64) (norm Later, err error) {
	if separateMemory(o.Engine) {
		return o.onDevice(params, lr)
	}
	return known(o.onHost(params, lr)), nil
}

// onDevice makes the step on the device.
func (o *SGD) onDevice(params []*block.Param, lr float64) (Later, error) {
	numbers := []float32{float32(o.Clip), float32(o.WeightDecay), float32(o.Momentum), float32(lr)}
	return o.velocity.step(o.Engine, params, o.velocity.host, func(p *block.Param) formula {
		return formula{sgd(p.Value.Tensor().Size()), numbers}
	})
}

// sgd is the formula above. Its numbers are clip, decay, momentum and learning rate.
func sgd(n int) *block.Block {
	return newFormula("sgd", n, 4, 1, func(o operands) (*Node, []*Node) {
		clip := MinScalar(Div(o.numbers[0], AddScalar(o.norm, 1e-6)), 1)
		v := Add(Mul(o.numbers[2], o.memory[0]), Add(Mul(clip, o.g), Mul(o.numbers[1], o.w)))
		return Sub(o.w, Mul(o.numbers[3], v)), []*Node{v}
	})
}

func (o *SGD) onHost(params []*block.Param, lr float64) (norm float64) {
	norm = GradientNorm(params)
	finite := !math.IsNaN(norm) && !math.IsInf(norm, 0)
	clip := float32(min(1, o.Clip/(norm+1e-6)))
	decay, momentum, rate := float32(o.WeightDecay), float32(o.Momentum), float32(lr)
	for _, p := range params {
		if !p.Trainable() {
			continue
		}
		v := o.velocity.of(p)
		p.Update(func(w, g []float32) {
			if !finite || g == nil {
				return
			}
			for j := range w {
				v[j] = momentum*v[j] + (clip*g[j] + decay*w[j])
				w[j] -= rate * v[j]
			}
		})
	}
	return norm
}

// Save implements Optimizer.
func (o *SGD) Save(s State, params []*block.Param) { o.velocity.save(s, params) }

// Load implements Optimizer.
func (o *SGD) Load(s State, params []*block.Param) error { return o.velocity.load(s, params) }

// Close implements Optimizer.
func (o *SGD) Close() { o.velocity.close() }

// GradientNorm returns the Euclidean norm of all gradients of the params.
func GradientNorm(params []*block.Param) float64 {
	sum := 0.0
	for _, p := range params {
		if p.Trainable() {
			p.Inspect(func(_, g []float32) {
				for _, x := range g {
					sum += float64(x) * float64(x)
				}
			})
		}
	}
	return math.Sqrt(sum)
}

// Adam is arXiv:1412.6980 with an L2 penalty, as in PyTorch, for one vector.
type Adam struct {
	Beta1, Beta2, WeightDecay float64
	step                      int
	m, v                      []float32
}

// Step updates w [n] by the gradient g [n].
func (o *Adam) Step(w, g []float32, lr float64) {
	if o.m == nil {
		o.m, o.v = make([]float32, len(w)), make([]float32, len(w))
	}
	o.step++
	c1 := 1 - math.Pow(o.Beta1, float64(o.step))
	c2 := 1 - math.Pow(o.Beta2, float64(o.step))
	for i := range w {
		x := float64(g[i]) + o.WeightDecay*float64(w[i])
		m := o.Beta1*float64(o.m[i]) + (1-o.Beta1)*x
		v := o.Beta2*float64(o.v[i]) + (1-o.Beta2)*x*x
		o.m[i], o.v[i] = float32(m), float32(v)
		w[i] -= float32(lr / c1 * m / (math.Sqrt(v/c2) + 1e-8))
	}
}

// Cosine returns the learning rate of an epoch, which falls from high to low along half a cosine
// (arXiv:1608.03983 without restarts).
func Cosine(high, low float64, epoch, epochs int) float64 {
	return low + (high-low)*(1+math.Cos(math.Pi*float64(epoch)/float64(epochs)))/2
}

// WarmUp returns the learning rate of a step: it rises linearly from 0 to high in the first warm
// steps and then falls to low along a cosine that begins at step 0 (arXiv:2103.03230, section 2.2).
func WarmUp(high, low float64, step, warm, steps int) float64 {
	if step < warm {
		return high * float64(step) / float64(warm)
	}
	return Cosine(high, low, step-warm, steps-warm)
}
