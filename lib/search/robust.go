package search

import (
	"fmt"
	"math"

	"github.com/essnas/essnas/lib/adversary"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
)

// robustness is the robust term of the architecture's loss; nil stands for none.
//
//	L + w * L_CE(x + eps * sign(d/dx L_CE(x)))     fgsm
//	L + w * n * |d/dx L_CE(x)|^2                   jacobian
//
// x holds the n images of the batch. The adversarial images of fgsm are constants in the gradient
// of alphas and betas, as in adversarial training (arXiv:1412.6572). The second term is the mean
// over images of the squared length of an image's own gradient, in normalised pixels. Its gradient
// with respect to alphas and betas is computed from a difference quotient along g = d/dx L_CE, a
// constant (arXiv:1905.11468):
//
//	n (L_CE(x + h g) - L_CE(x - h g)) / h,   which is 2 n |g|^2 for small h
//
// Unlike double backpropagation, the quotient includes the kinks of ReLUs and pools between its two
// points. With two views, the loss has the mean of their terms.
type robustness struct {
	weight   float64
	jacobian bool
	ball     adversary.Ball
}

// shiftLength is the mean length h |g| of an image's shift.
const shiftLength = 0.1

// robustnessOf returns the robust term of the settings for a set's images, or nil if it is off. The
// settings are valid.
func robustnessOf(set *data.Set, s settings.Search) *robustness {
	if !s.Robustness.On() {
		return nil
	}
	eps, err := s.Robustness.Radius()
	if err != nil {
		panic(err) // Validate has parsed it
	}
	return &robustness{
		weight: s.RobustWeight, jacobian: s.Robust == "jacobian",
		ball: adversary.Ball{Mean: set.Mean, Std: set.Std, Side: set.Train.Height, Batch: s.Batch / s.Devices, Eps: eps},
	}
}

// labelled returns the objective without its self-supervised term: the robust term uses labels.
func (o objective) labelled() objective {
	o.projector, o.twins, o.right = nil, nil, nil
	return o
}

// attackPlan returns the plan of the passes that compute gradients of images.
func (t *Search) attackPlan() *block.Plan {
	return block.NewPlan(func(r block.Runner) {
		t.objective.labelled().forward(r, t.net, t.mixing, block.Sums(1), &block.Value{})
	})
}

// side is a batch of shifted images at which the robust term needs the gradient of alphas and
// betas, times factor.
type side struct {
	images *block.Value
	factor float64
}

// robustSides computes the shifted images for the views of a batch, and the value of the term if it
// is already known. The caller frees the images. The gradients of mixing weights are zero
// afterwards.
func (t *Search) robustSides(views []*block.Value, labels *block.Value) (sides []side, value float64, err error) {
	n := float64(len(views))
	add := func(x *block.Value, factor float64, failed error) {
		if err = failed; err == nil {
			sides = append(sides, side{x, factor})
		}
	}
	for _, x := range views {
		gradient := func(x *block.Value) error { return t.addImageGradient(x, labels) }
		if !t.robust.jacobian {
			y, failed := t.robust.ball.Find(t.Engine, x, adversary.Search{Steps: 1, Step: t.robust.ball.Eps}, gradient)
			add(y, 1/n, failed)
		} else {
			var g *block.Value
			var square float64
			if g, square, err = t.imageGradient(x, gradient); err == nil {
				value += float64(labels.Images()) * square / n
				h := shiftLength * math.Sqrt(float64(labels.Images())) / math.Max(math.Sqrt(square), 1e-12)
				for _, to := range []float64{h, -h} {
					if err == nil {
						y, failed := t.robust.ball.Shifted(t.Engine, x, g, float32(to))
						add(y, float64(labels.Images())/to/n, failed)
					}
				}
				g.Set(nil)
			}
		}
		if err != nil {
			free(sides)
			return nil, 0, err
		}
	}
	t.mixing.DropGradients() // the passes for the images' gradients computed them
	return sides, value, nil
}

func free(sides []side) {
	for _, s := range sides {
		s.images.Set(nil)
	}
}

// addImageGradient adds the gradient of the cross-entropy to images. Norms use the statistics of
// the batch, as in a training step.
func (t *Search) addImageGradient(x, labels *block.Value) error {
	tape := block.NewTape(t.Engine, t.Params, block.Train, block.Images)
	terms := t.objective.labelled().forward(tape, t.net, t.mixing, []*block.Value{x}, labels)
	if err := tape.Run(); err != nil {
		tape.Release()
		return err
	}
	tape.Seed(terms.crossEntropy[0], 1)
	return tape.Backward(false)
}

// imageGradient returns the gradient at images and its squared length.
func (t *Search) imageGradient(x *block.Value, gradient func(x *block.Value) error) (g *block.Value, square float64, err error) {
	x.DropGradient()
	if err := gradient(x); err != nil {
		return nil, 0, err
	}
	if g = x.TakeGradient(); g == nil {
		return nil, 0, fmt.Errorf("the loss does not depend on the images, so the robust term has no gradient")
	}
	for _, part := range g.Tensors() {
		one := block.NewValue(part)
		for _, v := range one.Floats() {
			square += float64(v) * float64(v)
		}
	}
	return g, square, nil
}

// robustPasses adds the gradients of the robust term, and returns its value: known, or the losses
// at the sides times their factors.
func (t *Search) robustPasses(sides []side, known float64, labels *block.Value) (func() float64, error) {
	o := t.objective.labelled()
	var losses []func() []float64
	for _, s := range sides {
		terms := o.forward(t.Tape, t.net, t.mixing, []*block.Value{s.images}, labels)
		if err := t.Tape.Run(); err != nil {
			return nil, err
		}
		read := fit.Read(terms.crossEntropy...)
		terms.seed(t.Tape, t.robust.weight*s.factor, 0)
		if err := t.Tape.Backward(false); err != nil {
			return nil, err
		}
		losses = append(losses, read)
	}
	return func() float64 {
		sum := 0.0
		for i, read := range losses {
			sum += read()[0] * sides[i].factor
		}
		if t.robust.jacobian {
			return known
		}
		return sum
	}, nil
}
