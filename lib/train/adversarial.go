package train

import (
	"context"
	"math/rand/v2"

	"github.com/essnas/essnas/lib/adversary"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/settings"
)

// This file holds adversarial training: the steps see images that were moved against the network,
// and validation measures how many images withstand PGD. The attacked network is in evaluation
// mode, as it is when it is tested, so attacks leave the running statistics of its norms alone.

// ballOf returns the ball of the settings around batches of a set's images; nil without adversarial
// training. The settings are valid.
func ballOf(set *data.Set, s settings.Train) *adversary.Ball {
	if !s.On() {
		return nil
	}
	eps, err := s.Radius()
	if err != nil {
		panic(err) // Validate has read it
	}
	return &adversary.Ball{Mean: set.Mean, Std: set.Std, Side: set.Train.Height, Batch: s.Batch / s.Devices, Eps: eps}
}

// adversarial returns adversarial images of a batch, which the caller owns.
func (t *Training) adversarial(images, labels *block.Value, steps int, length float64, r *rand.Rand) (*block.Value, error) {
	s := adversary.Search{Steps: steps, Step: length * t.ball.Eps, Random: r}
	return t.ball.Find(t.Engine, images, s, func(x *block.Value) error {
		tape := block.NewTape(t.Engine, t.Params, block.Evaluate, block.Images)
		defer tape.Close()
		loss := t.clear(tape, x, labels)
		if err := tape.Run(); err != nil {
			return err
		}
		tape.Seed(loss, 1)
		return tape.Backward(false)
	})
}

// clear makes the calls up to the loss of the network without auxiliary tower and dropped paths.
func (t *Training) clear(r block.Runner, images, labels *block.Value) *block.Value {
	return r.Call("", t.loss, []*block.Value{bare(t.net).Run(r, images, nil).Logits, labels}, nil)[0]
}

// attacked is the plan of adversarial's passes.
func (t *Training) attacked() *block.Plan {
	return block.NewPlan(func(r block.Runner) { t.clear(r, &block.Value{}, &block.Value{}) })
}

// learnt returns the images that a step learns from: the batch itself, or adversarial ones, which
// done frees.
func (t *Training) learnt(images, labels *block.Value, epoch, step int) (x *block.Value, done func(), err error) {
	if t.ball == nil {
		return images, func() {}, nil
	}
	n, length := t.settings.Adversarial.Steps()
	x, err = t.adversarial(images, labels, n, length, fit.Random(t.settings.Seed, "adversarial", epoch, step))
	if err != nil {
		return nil, nil, err
	}
	return x, func() { x.Set(nil) }, nil
}

// robust measures loss and accuracy on the validation images under PGD, also where training has a
// weaker attack: FGSM may come to fool only itself (arXiv:2001.03994, "catastrophic overfitting").
func (t *Training) robust(ctx context.Context, epoch int) (event.Metrics, error) {
	b := t.settings.Batch
	var all [][]float32
	var labels []uint8
	for from := 0; from < len(t.validation); from += b {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		index := make([]int32, b) // image 0 fills the last batch; its outputs are dropped
		n := copy(index, t.validation[from:])
		rows, err := t.robustRows(index, fit.Random(t.settings.Seed, "robust validation", epoch, from/b))
		if err != nil {
			return nil, err
		}
		all = append(all, rows[:n]...)
		for _, i := range index[:n] {
			labels = append(labels, t.set.Train.Labels[i])
		}
	}
	table, err := score.New(t.set.Classes, all, labels)
	if err != nil {
		return nil, err
	}
	return event.Metrics{"val_robust_loss": table.Loss, "val_robust_accuracy": table.Top1}, nil
}

// robustRows returns the logits of adversarial images of a batch.
func (t *Training) robustRows(index []int32, r *rand.Rand) ([][]float32, error) {
	images, labels, err := t.Feeder.Batch(index, nil)
	if err != nil {
		return nil, err
	}
	x, y := t.Engine.SplitImages(images), t.Engine.Split(labels, 0)
	defer x.Set(nil)
	defer y.Set(nil)
	n := t.settings.AttackSteps
	moved, err := t.adversarial(x, y, n, 2.5/float64(n), r)
	if err != nil {
		return nil, err
	}
	defer moved.Set(nil)
	return t.model.Classify(moved)
}
