package search

import (
	"context"
	"math"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit/event"
)

// pull describes the terms' gradients on one batch of a level, each term alone and without factors.
type pull struct {
	ce, bt float64 // norms
	// of the angle between the two: 1 where they agree, -1 where they oppose each other
	cosine float64
}

// termPull returns how both terms of the loss pull at what they share, on a batch of a level.
func (t *Search) termPull(l level, views []*block.Value, labels *block.Value) (p pull, err error) {
	ce, err := t.sharedGradient(l, views, labels, 1, 0)
	if err != nil {
		return p, err
	}
	bt, err := t.sharedGradient(l, views, labels, 0, 1)
	if err != nil {
		return p, err
	}
	p.ce, p.bt = normOf(ce), normOf(bt)
	dot := 0.0
	for i := range ce {
		if ce[i] == nil || bt[i] == nil {
			continue
		}
		for j, x := range ce[i] {
			dot += float64(x) * float64(bt[i][j])
		}
	}
	p.cosine = dot / (p.ce * p.bt) // NaN, a gap in figures, if one of them vanishes
	return p, nil
}

// sharedGradient returns the gradient of a loss with these factors of its terms, with respect to
// alphas and betas (one vector), or to the weights that both terms reach (a vector for each param;
// nil if none arrived): all but the classifier's and the projector's.
func (t *Search) sharedGradient(l level, views []*block.Value, labels *block.Value, ce, bt float64) ([][]float32, error) {
	read, err := t.pass(views, labels, ce, bt, l == ofWeights)
	if err != nil {
		return nil, err
	}
	t.settle()
	read() // an unread value would stay
	gradient := t.arch.Gradient(t.mixing)
	if l == ofArchitecture {
		return [][]float32{gradient}, nil
	}
	var shared [][]float32
	for i, g := range t.gradients() {
		if label := t.Params[i].Label; label != backbone.ClassifierLabel && label != projectorLabel {
			shared = append(shared, g)
		}
	}
	return shared, nil
}

// recordTermNorms measures both levels (the architecture only if it moves) at the end of an epoch,
// on the first batches of the epoch.
func (t *Search) recordTermNorms(ctx context.Context, m event.Metrics, epoch int) error {
	if !t.objective.mixed() {
		return nil
	}
	at := t.at(epoch)
	t.drop(at, epoch, 0)
	for _, l := range []level{ofWeights, ofArchitecture} {
		if l == ofArchitecture && at.epoch < at.Frozen {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		err := t.batch(l, epoch, 0, func(x []*block.Value, y *block.Value) error {
			pull, err := t.termPull(l, x, y)
			prefix := ""
			if l == ofArchitecture {
				prefix = l.prefix()
			}
			m[prefix+"ce_grad_norm"], m[prefix+"bt_grad_norm"], m[prefix+"grad_cosine"] = pull.ce, pull.bt, pull.cosine
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
	pull, err := t.termPull(l, views, labels)
	if b := pull.ce / pull.bt; err == nil && b > 0 && !math.IsInf(b, 0) {
		t.balance[l] = b
	}
	return err
}

func norm(g []float32) float64 { return normOf([][]float32{g}) }

// normOf returns the Euclidean norm of all vectors together.
func normOf(all [][]float32) float64 {
	sum := 0.0
	for _, g := range all {
		for _, x := range g {
			sum += float64(x) * float64(x)
		}
	}
	return math.Sqrt(sum)
}
