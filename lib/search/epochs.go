package search

import (
	"context"

	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/settings"
)

// place is the position of a search in its phase.
type place struct {
	settings.Phase
	epoch int // of the phase, from 0
}

// at returns the place of an epoch of the search, which must belong to the current phase.
func (t *Search) at(epoch int) place {
	for _, n := range t.lengths[:t.phase] {
		epoch -= n
	}
	return place{t.phases[t.phase], epoch}
}

// Epochs implements fit.Task: the epochs of all phases. A phase that ends early has fewer.
func (t *Search) Epochs() (n int) {
	for _, l := range t.lengths {
		n += l
	}
	return
}

// EndEpoch implements fit.Task: it records the current architecture. At the end of a phase it
// enters the next one with the best operations.
func (t *Search) EndEpoch(ctx context.Context, epoch int) (event.Metrics, map[string]any, error) {
	m, at := event.Metrics{}, t.at(epoch)
	t.syncHost()
	t.setRemedies(at)
	if err := t.recordTermNorms(ctx, m, epoch); err != nil {
		return nil, nil, err
	}
	if n := t.settings.Eigenvalue; n > 0 && (at.epoch+1)%n == 0 {
		var err error
		if m["eigenvalue"], err = t.eigenvalue(ctx); err != nil {
			return nil, nil, err
		}
	}
	details := t.details()
	if skips := t.stopEarly(at); skips > 0 {
		details["stopped_at_skips"] = skips
	}
	if next := t.phase + 1; at.epoch+1 == t.lengths[t.phase] && next < len(t.phases) {
		t.Enter(next, t.arch.KeepCapsules(t.phases[next].Operations, t.keptCapsules()))
		if err := t.Prepare(nil); err != nil {
			return nil, nil, err
		}
	}
	return m, details, nil
}

// details returns the details of an epoch: alphas (after the softmax or the sigmoid), betas, and
// the cell derived from them. It adds the operations of each edge if these are not the eight of
// DARTS.
func (t *Search) details() map[string]any {
	var alphas [2][][]float64 // [type][edge][operation]
	var betas [2][]float64
	for typ := range alphas {
		for e := range t.arch.Alpha[typ] {
			alphas[typ] = append(alphas[typ], t.arch.OperationWeights(typ, e))
		}
		betas[typ] = t.arch.EdgeNorm(typ)
	}
	d := map[string]any{"alphas": alphas, "betas": betas, "genotype": t.Genotype()}
	if len(t.phases) > 1 {
		d["phase"] = t.phase
	}
	if len(t.phases) > 1 || !t.settings.Space().IsDARTS() {
		d["operations"] = t.arch.Space
	}
	return d
}
