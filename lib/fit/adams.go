package fit

import (
	"math"

	"github.com/essnas/essnas/lib/block"
)

// Adams is an Adam for each of a network's params.
type Adams struct {
	Beta1, Beta2, WeightDecay float64
	each                      map[string]*Adam // by label
}

// Step implements Optimizer.
func (o *Adams) Step(params []*block.Param, lr float64) (norm float64, err error) {
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
	return norm, nil
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
func (o *Adams) Close() {}

// Save implements Optimizer.
func (o *Adams) Save(s State, params []*block.Param) {
	for _, p := range params {
		if p.Trainable() {
			o.of(p).Save(s, "adam/"+p.Label)
		}
	}
}

// Load implements Optimizer.
func (o *Adams) Load(s State, params []*block.Param) error {
	for _, p := range params {
		if p.Trainable() {
			if err := o.of(p).Load(s, "adam/"+p.Label); err != nil {
				return err
			}
		}
	}
	return nil
}
