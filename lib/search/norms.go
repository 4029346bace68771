package search

import (
	"math"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/wiring"
)

// termNorms returns the norms of the gradients of both terms of the loss, each alone and without
// factors, on a batch of a level.
func (t *Search) termNorms(l level, views []*block.Value, labels *block.Value) (ce, bt float64, err error) {
	if ce, err = t.sharedNorm(l, views, labels, 1, 0); err == nil {
		bt, err = t.sharedNorm(l, views, labels, 0, 1)
	}
	return
}

// sharedNorm returns the norm of the gradient of a loss with these factors of its terms, with
// respect to alphas and betas, or to the weights that both terms reach: all but the classifier's
// and the projector's.
func (t *Search) sharedNorm(l level, views []*block.Value, labels *block.Value, ce, bt float64) (float64, error) {
	read, err := t.pass(views, labels, ce, bt, l == ofWeights)
	if err != nil {
		return 0, err
	}
	t.settle()
	read() // an unread value would stay
	gradient := t.arch.Gradient(t.mixing)
	if l == ofArchitecture {
		return norm(gradient), nil
	}
	var shared []*block.Param
	for _, p := range t.params {
		if p.Label != wiring.ClassifierLabel && p.Label != projectorLabel {
			shared = append(shared, p)
		}
	}
	n := fit.GradientNorm(shared)
	for _, p := range t.params {
		p.Value.DropGradient()
	}
	return n, nil
}

// recordTermNorms measures both levels (the architecture only if it moves) at the end of an epoch,
// on the first batches of the epoch.
func (t *Search) recordTermNorms(m fit.Metrics, epoch int) error {
	if !t.objective.mixed() {
		return nil
	}
	at := t.at(epoch)
	t.drop(at.Dropout(at.epoch), epoch, 0)
	for _, l := range []level{ofWeights, ofArchitecture} {
		if l == ofArchitecture && at.epoch < at.Frozen {
			continue
		}
		err := t.batch(l, epoch, 0, func(x []*block.Value, y *block.Value) error {
			ce, bt, err := t.termNorms(l, x, y)
			prefix := ""
			if l == ofArchitecture {
				prefix = l.prefix()
			}
			m[prefix+"ce_grad_norm"], m[prefix+"bt_grad_norm"] = ce, bt
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rebalance sets the level's factor of the Barlow Twins term such that, without the factors of the
// settings, its gradient is as long as that of the cross-entropy. If one of the gradients vanishes,
// the factor keeps its value.
func (t *Search) rebalance(l level, views []*block.Value, labels *block.Value) error {
	ce, bt, err := t.termNorms(l, views, labels)
	if b := ce / bt; err == nil && b > 0 && !math.IsInf(b, 0) {
		t.balance[l] = b
	}
	return err
}

func norm(g []float32) float64 {
	sum := 0.0
	for _, x := range g {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
