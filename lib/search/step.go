package search

import (
	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/supernet"
	"github.com/essnas/essnas/lib/task"
	"github.com/gomlx/gomlx/core/tensors"
)

// level is one of the two optimisation problems: that of the weights, and that of alphas and betas.
// Each has its own half of the images.
type level int

const (
	ofWeights level = iota
	ofArchitecture
)

// String also names the stream of the level's random numbers.
func (l level) String() string { return [...]string{"weights", "architecture"}[l] }

// prefix returns the prefix of a level's metrics.
func (l level) prefix() string { return [...]string{"train_", "arch_"}[l] }

func (t *Search) half(l level) []int32 {
	if l == ofWeights {
		return t.weightsHalf
	}
	return t.archHalf
}

// Steps implements fit.Task: whole batches of the weights' half.
func (t *Search) Steps(int) int { return len(t.weightsHalf) / t.settings.Batch }

// Step implements fit.Task.
func (t *Search) Step(epoch, step int) (event.Metrics, error) {
	return task.ReadNow(t.Launch(epoch, step))
}

// Launch implements fit.Ahead. A step has two parts. It first updates alphas and betas on a batch
// of the architecture's half, unless they are frozen. Then it updates the weights on a batch of
// their half, with fixed alphas and betas.
func (t *Search) Launch(epoch, step int) (read func() (event.Metrics, error), err error) {
	at := t.at(epoch)
	m := event.Metrics{"lr": fit.Cosine(t.settings.LR, t.settings.LRMin, at.epoch, at.Epochs)}
	t.drop(at, epoch, step)
	t.setRemedies(at)
	architecture := func() result { return result{} }
	if at.epoch >= at.Frozen {
		if architecture, err = t.level(ofArchitecture, epoch, step, m, t.architectureStepOf(epoch, step, m["lr"])); err != nil {
			return nil, err
		}
	}
	weights, err := t.level(ofWeights, epoch, step, m, func(x []*block.Value, y *block.Value) (later, error) {
		return t.weightsStep(x, y, m["lr"])
	})
	if err != nil {
		return nil, err
	}
	return func() (event.Metrics, error) {
		if at.epoch >= at.Frozen {
			architecture().record(ofArchitecture, m)
		}
		r := weights()
		r.record(ofWeights, m)
		return m, nil
	}, nil
}

// level runs one level's part of a step.
func (t *Search) level(l level, epoch, step int, m event.Metrics, f func(x []*block.Value, y *block.Value) (later, error)) (r later, err error) {
	err = t.batch(l, epoch, step, func(x []*block.Value, y *block.Value) error {
		if n := t.settings.SSBalance; n > 0 && t.objective.mixed() {
			if step%n == 0 {
				if err := t.rebalance(l, x, y); err != nil {
					return err
				}
			}
			m[l.prefix()+"balance"] = t.balance[l]
		}
		r, err = f(x, y)
		return err
	})
	return r, err
}

// result holds the loss and the terms of a level's step, and the norm of the gradient. Without
// self-supervision the loss is the cross-entropy.
type result struct {
	loss, crossEntropy, twins, accuracy, norm float64
	robust                                    func() float64 // the robust term; nil for none
}

// later is a result that may still be in transit from the device.
type later func() result

// and adds the norm of the gradient.
func (r later) and(norm fit.Later) later {
	return func() result {
		all := r()
		all.norm = norm()
		return all
	}
}

// record adds the result of a level to the metrics.
func (r result) record(l level, m event.Metrics) {
	m[l.prefix()+"loss"], m[l.prefix()+"accuracy"] = r.loss, r.accuracy
	if r.twins != 0 {
		m[l.prefix()+"ce"], m[l.prefix()+"bt"] = r.crossEntropy, r.twins
	}
	if r.robust != nil {
		m[l.prefix()+"robust"] = r.robust()
	}
	m[map[level]string{ofWeights: "grad_norm", ofArchitecture: "arch_grad_norm"}[l]] = r.norm
}

// batch calls f with the views and the labels of the step's batch from a level's half.
func (t *Search) batch(l level, epoch, step int, f func(views []*block.Value, labels *block.Value) error) error {
	b := t.settings.Batch
	order := augment.EpochOrder(t.half(l), t.settings.Seed, epoch)
	from := step % (len(order) / b) * b
	index, r := order[from:from+b], fit.Random(t.settings.Seed, l.String(), epoch, step)
	var images []*tensors.Tensor
	var labels *tensors.Tensor
	var err error
	if t.objective.views() == 2 {
		images = make([]*tensors.Tensor, 2)
		images[0], images[1], labels, err = t.twins.Batch(index, r)
	} else {
		images = make([]*tensors.Tensor, 1)
		images[0], labels, err = t.Feeder.Batch(index, r)
	}
	if err != nil {
		return err
	}
	y := t.Engine.Split(labels, 0)
	defer y.Set(nil)
	var x []*block.Value
	for _, i := range images {
		v := t.Engine.SplitImages(i)
		defer v.Set(nil)
		x = append(x, v)
	}
	return f(x, y)
}

// architectureStepOf returns the architecture's step in first or second order.
func (t *Search) architectureStepOf(epoch, step int, lr float64) func(x []*block.Value, y *block.Value) (later, error) {
	if !t.settings.Unrolled {
		return t.architectureStep
	}
	return func(x []*block.Value, y *block.Value) (r later, err error) {
		err = t.batch(ofWeights, epoch, step, func(trainX []*block.Value, trainY *block.Value) error {
			r, err = t.unrolledStep(x, y, trainX, trainY, lr)
			return err
		})
		return r, err
	}
}

// unrolledStep updates alphas and betas in second order, on the host.
func (t *Search) unrolledStep(views []*block.Value, labels *block.Value, trainViews []*block.Value, trainLabels *block.Value, lr float64) (later, error) {
	gradient, r, err := t.unrolledGradient(views, labels, trainViews, trainLabels, lr)
	if err != nil {
		return nil, err
	}
	r.norm = t.update(gradient)
	return func() result { return r }, nil
}

// architectureStep updates alphas and betas.
func (t *Search) architectureStep(views []*block.Value, labels *block.Value) (later, error) {
	ce, bt := t.objective.factors(t.balance[ofArchitecture])
	var sides []side
	var known float64
	if t.robust != nil {
		var err error
		if sides, known, err = t.robustSides(views, labels); err != nil {
			return nil, err
		}
		defer free(sides)
	}
	r, err := t.pass(views, labels, ce, bt, false)
	if err != nil {
		return nil, err
	}
	if t.robust != nil {
		if r, err = t.withRobust(r, sides, known, labels); err != nil {
			return nil, err
		}
	}
	if t.Engine.SeparateMemory() {
		norm, err := t.stepOnDevice()
		return r.and(norm), err
	}
	n := t.update(t.arch.Gradient(t.mixing))
	return r.and(func() float64 { return n }), nil
}

// withRobust adds the robust term to the gradients of a pass and to its result.
func (t *Search) withRobust(r later, sides []side, known float64, labels *block.Value) (later, error) {
	term, err := t.robustPasses(sides, known, labels)
	return func() result {
		all := r()
		all.robust = term
		return all
	}, err
}

// update makes Adam's step of alphas and betas on the host. It returns the norm of the gradient
// before clipping, with beta-decay.
func (t *Search) update(gradient []float32) float64 {
	t.decay(gradient)
	n := norm(gradient)
	if limit := t.settings.ArchClip; limit > 0 {
		scale := float32(min(1, limit/(n+1e-6)))
		for i := range gradient {
			gradient[i] *= scale
		}
	}
	flat := t.arch.Flat()
	t.adam.Step(flat, gradient, t.settings.ArchLR)
	t.arch.SetFlat(flat)
	t.updateMixing()
	return n
}

// weightsStep updates the weights.
func (t *Search) weightsStep(views []*block.Value, labels *block.Value, lr float64) (later, error) {
	ce, bt := t.objective.factors(t.balance[ofWeights])
	r, err := t.pass(views, labels, ce, bt, true)
	if err != nil {
		return nil, err
	}
	t.mixing.DropGradients() // they belong to the other level
	norm, err := t.Optimizer.Step(t.Params, lr)
	return r.and(norm), err
}

// pass runs the network forward and backward, with the factors ce and bt of the terms' gradients.
// weights selects the gradients of the weights.
func (t *Search) pass(views []*block.Value, labels *block.Value, ce, bt float64, weights bool) (later, error) {
	terms := t.objective.forward(t.Tape, t.net, t.mixing, views, labels)
	if err := t.Tape.Run(); err != nil {
		return nil, err
	}
	terms.seed(t.Tape, ce, bt)
	r := t.objective.read(terms, labels, bt)
	return r, t.Tape.Backward(weights)
}

// drop sets the dropout of skip connections and pools in a step.
func (t *Search) drop(at place, epoch, step int) {
	rivals := at.Phase
	rivals.SkipDropout = t.settings.RivalDropout
	t.dropAt(max(at.Dropout(at.epoch), rivals.Dropout(at.epoch)), rivals.Dropout(at.epoch), epoch, step)
}

func (t *Search) dropAt(skips, pools float64, epoch, step int) {
	d := t.mixing.Dropout
	if d == nil {
		return
	}
	d.Rate.Set(tensors.FromFlatDataAndDimensions([]float32{float32(skips)}, 1))
	if d.Pools != nil {
		d.Pools.Set(tensors.FromFlatDataAndDimensions([]float32{float32(pools)}, 1))
	}
	r := fit.Random(t.settings.Seed, "skip dropout", epoch, step)
	for c := range t.net.Cells {
		for e := range t.arch.Alpha[0] {
			seeds := make([]int32, t.Engine.Width())
			for i := range seeds {
				seeds[i] = int32(r.Uint32())
			}
			t.Engine.SetSplit(d.Seeds[supernet.CellEdge{Cell: c, Edge: e}], tensors.FromFlatDataAndDimensions(seeds, len(seeds)), 0)
		}
	}
}
