package search

import (
	"context"
	"math"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit/event"
)

// termGradients compares the gradients of the two terms on one batch of a level. Each term has
// factor 1.
type termGradients struct {
	ce, bt float64 // norms
	// cosine of the angle between the two: 1 if they agree, -1 if they are opposite
	cosine float64
}

// compareTerms compares the gradients of both terms on a batch of a level, with respect to the
// parameters that both terms reach.
func (t *Search) compareTerms(l level, views []*block.Value, labels *block.Value) (p termGradients, err error) {
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
	p.cosine = dot / (p.ce * p.bt) // NaN if one of them vanishes; figures show a gap
	return p, nil
}

// sharedGradient returns the gradient of the weighted sum of the terms, with factors ce and bt. For
// the architecture it is one vector, the gradient of alphas and betas. For the weights it has one
// vector per param (nil without a gradient), without those of the classifier and the projector:
// only one term reaches these.
func (t *Search) sharedGradient(l level, views []*block.Value, labels *block.Value, ce, bt float64) ([][]float32, error) {
	read, err := t.pass(views, labels, ce, bt, l == ofWeights)
	if err != nil {
		return nil, err
	}
	t.syncHost()
	read() // frees the value
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

// recordTermNorms measures the terms at the end of an epoch, on its first batches: for the weights,
// and for the architecture unless it is frozen.
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
			norms, err := t.compareTerms(l, x, y)
			prefix := ""
			if l == ofArchitecture {
				prefix = l.prefix()
			}
			m[prefix+"ce_grad_norm"], m[prefix+"bt_grad_norm"], m[prefix+"grad_cosine"] = norms.ce, norms.bt, norms.cosine
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rebalance sets the level's factor of the Barlow Twins term. Multiplied by it, the term's gradient
// is as long as that of the cross-entropy, both without the factors of the settings. If one of the
// gradients vanishes, the factor keeps its value.
func (t *Search) rebalance(l level, views []*block.Value, labels *block.Value) error {
	norms, err := t.compareTerms(l, views, labels)
	if b := norms.ce / norms.bt; err == nil && b > 0 && !math.IsInf(b, 0) {
		t.balance[l] = b
	}
	return err
}

func norm(g []float32) float64 { return normOf([][]float32{g}) }

// normOf returns the Euclidean norm of the concatenated vectors.
func normOf(all [][]float32) float64 {
	sum := 0.0
	for _, g := range all {
		for _, x := range g {
			sum += float64(x) * float64(x)
		}
	}
	return math.Sqrt(sum)
}
