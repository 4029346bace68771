package search

import (
	"math"

	"github.com/essnas/essnas/lib/block"
)

// hessianProduct is the length of the shifts in DARTS' code: r = 0.01 / |v|.
const hessianProduct = 0.01

// unrolledGradient returns the second-order gradient of alphas and betas (arXiv:1806.09055, eq. 7
// and 8), flat as in Arch.Flat, and the loss of the architecture's batch. The gradient includes one
// virtual step of the weights on their batch:
//
//	w' = w - lr * (momentum * velocity + d/dw L_train(w, a) + decay * w)
//	d/da L_val(w', a) - lr * d2/dadw L_train(w, a) * v,   v = d/dw' L_val(w', a)
//
// The product with the mixed second derivatives is a difference of two gradients of alphas and
// betas, at w + r*v and at w - r*v with r = 0.01 / |v|. The weights are restored to the bit.
func (t *Search) unrolledGradient(views []*block.Value, labels *block.Value, trainViews []*block.Value, trainLabels *block.Value, lr float64) (gradient []float32, r result, err error) {
	t.syncHost()
	ce, bt := t.objective.factors(t.balance[ofArchitecture])
	trainCE, trainBT := t.objective.factors(t.balance[ofWeights])
	weights := t.weights()
	train := func(needWeights bool) ([]float32, error) {
		read, err := t.pass(trainViews, trainLabels, trainCE, trainBT, needWeights)
		if err != nil {
			return nil, err
		}
		read() // frees the value
		return t.arch.Gradient(t.mixing), nil
	}
	if _, err := train(true); err != nil {
		return nil, r, err
	}
	t.shift(weights, t.virtualStep(weights, t.gradients()), -lr)
	read, err := t.pass(views, labels, ce, bt, true)
	if err != nil {
		return nil, r, err
	}
	r, gradient = read(), t.arch.Gradient(t.mixing)
	v := t.gradients()
	if n := normOf(v); n > 0 && !math.IsInf(n, 0) {
		step := hessianProduct / n
		t.shift(weights, v, step)
		up, err := train(false)
		if err != nil {
			return nil, r, err
		}
		t.shift(weights, v, -step)
		down, err := train(false)
		if err != nil {
			return nil, r, err
		}
		for i := range gradient {
			gradient[i] -= float32(lr * (float64(up[i]) - float64(down[i])) / (2 * step))
		}
	}
	t.shift(weights, nil, 0)
	return gradient, r, nil
}

// weights copies the weights of all params to the host.
func (t *Search) weights() (all [][]float32) {
	for _, p := range t.Params {
		var w []float32
		if p.Trainable() {
			w = p.Value.Floats()
		}
		all = append(all, w)
	}
	return
}

// gradients moves the gradients of all params to the host; nil without a gradient.
func (t *Search) gradients() (all [][]float32) {
	for _, p := range t.Params {
		all = append(all, p.Value.Gradient())
		p.Value.DropGradient()
	}
	return
}

// shift sets the weights to start + factor * direction. A nil direction stands for zero.
func (t *Search) shift(start, direction [][]float32, factor float64) {
	f := float32(factor)
	for i, p := range t.Params {
		if !p.Trainable() {
			continue
		}
		p.Update(func(w, _ []float32) {
			copy(w, start[i])
			if direction == nil || direction[i] == nil {
				return
			}
			for j, d := range direction[i] {
				w[j] += f * d
			}
		})
	}
}

// virtualStep returns the direction of the optimizer's next step without changing its state:
// momentum * velocity + gradient + decay * weights, without clipping, as in DARTS' code.
func (t *Search) virtualStep(weights, gradients [][]float32) (all [][]float32) {
	velocities := t.Optimizer.(*probing).velocities(t.Params)
	momentum, decay := float32(t.settings.Momentum), float32(t.settings.WeightDecay)
	for i, p := range t.Params {
		if gradients[i] == nil {
			all = append(all, nil)
			continue
		}
		v := velocities[p.Label]
		d := make([]float32, len(gradients[i]))
		for j, g := range gradients[i] {
			d[j] = momentum*v[j] + (g + decay*weights[i][j])
		}
		all = append(all, d)
	}
	return
}
