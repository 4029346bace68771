package search

import (
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
)

// place is where in its phase a search stands.
type place struct {
	settings.Phase
	epoch int // of the phase, from 0
}

// at is the place of an epoch of the search, which is one of the current phase.
func (t *Search) at(epoch int) place {
	for _, n := range t.lengths[:t.phase] {
		epoch -= n
	}
	return place{t.phases[t.phase], epoch}
}

// Epochs implements fit.Task: of all phases. A phase that ends early leaves fewer.
func (t *Search) Epochs() (n int) {
	for _, l := range t.lengths {
		n += l
	}
	return
}

// EndEpoch implements fit.Task: what the architecture looks like now. At the end of a phase the next one is entered with
// the operations that are worth keeping.
func (t *Search) EndEpoch(epoch int) (fit.Metrics, map[string]any, error) {
	m, at := fit.Metrics{}, t.at(epoch)
	t.settle()
	t.assist(at)
	if err := t.recordTermNorms(m, epoch); err != nil {
		return nil, nil, err
	}
	if n := t.settings.Eigenvalue; n > 0 && (at.epoch+1)%n == 0 {
		var err error
		if m["eigenvalue"], err = t.eigenvalue(); err != nil {
			return nil, nil, err
		}
	}
	details := t.details()
	if skips := t.stop(at); skips > 0 {
		details["stopped_at_skips"] = skips
	}
	if next := t.phase + 1; at.epoch+1 == t.lengths[t.phase] && next < len(t.phases) {
		t.Enter(next, t.arch.Keep(t.phases[next].Operations))
		if err := t.Prepare(nil); err != nil {
			return nil, nil, err
		}
	}
	return m, details, nil
}

// details of an epoch: alphas (after the softmax), betas, and the cell that they stand for.
func (t *Search) details() map[string]any {
	type table [2][cell.Edges][]float64
	var alphas table
	var betas [2][cell.Edges]float64
	for typ := range alphas {
		for e := range alphas[typ] {
			alphas[typ][e] = t.arch.Softmax(typ, e)
		}
		betas[typ] = t.arch.EdgeNorm(typ)
	}
	d := map[string]any{"alphas": alphas, "betas": betas, "genotype": t.Genotype()}
	if len(t.phases) > 1 {
		d["phase"], d["operations"] = t.phase, t.arch.Space
	}
	return d
}
