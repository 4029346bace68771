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

// This file implements adversarial training. Steps learn from images that were moved against the
// network, and validation measures the share of images that withstand PGD. Attacks use the network
// in evaluation mode, as a test does, so they do not change the running statistics of its norms.

// ballOf returns the ball of the settings for batches of a set's images, or nil without adversarial
// training. The settings are valid.
func ballOf(set *data.Set, s settings.Train) *adversary.Ball {
	if !s.On() {
		return nil
	}
	eps, err := s.Radius()
	if err != nil {
		panic(err) // Validate has parsed it
	}
	return &adversary.Ball{Mean: set.Mean, Std: set.Std, Side: set.Train.Height, Batch: s.Batch / s.Devices, Eps: eps}
}

// adversarial returns adversarial images of a batch. The caller owns them.
func (t *Training) adversarial(images, labels *block.Value, steps int, length float64, r *rand.Rand) (*block.Value, error) {
	s := adversary.Search{Steps: steps, Step: length * t.ball.Eps, Random: r}
	return t.ball.Find(t.Engine, images, s, func(x *block.Value) error {
		tape := block.NewTape(t.Engine, t.Params, block.Evaluate, block.Images)
		defer tape.Close()
		loss := t.cleanLoss(tape, x, labels)
		if err := tape.Run(); err != nil {
			return err
		}
		tape.Seed(loss, 1)
		return tape.Backward(false)
	})
}

// cleanLoss makes the calls of the loss of the network without auxiliary tower and drop path.
func (t *Training) cleanLoss(r block.Runner, images, labels *block.Value) *block.Value {
	return r.Call("", t.loss, []*block.Value{withoutTower(t.net).Run(r, images, nil).Logits, labels}, nil)[0]
}

// attackPlan returns the plan of the passes of adversarial.
func (t *Training) attackPlan() *block.Plan {
	return block.NewPlan(func(r block.Runner) { t.cleanLoss(r, &block.Value{}, &block.Value{}) })
}

// stepImages returns the images of a step: the batch itself, or adversarial images. done frees the
// latter.
func (t *Training) stepImages(images, labels *block.Value, epoch, step int) (x *block.Value, done func(), err error) {
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

// robust measures loss and accuracy on the validation images under PGD, even if training uses a
// weaker attack. A network trained with FGSM may withstand FGSM alone (arXiv:2001.03994,
// "catastrophic overfitting").
func (t *Training) robust(ctx context.Context, epoch int) (event.Metrics, error) {
	b := t.settings.Batch
	var all [][]float32
	var labels []uint8
	for from := 0; from < len(t.validation); from += b {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		index := make([]int32, b) // copies of image 0 fill the last batch
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

// robustRows returns the logits of adversarial images for a batch.
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
