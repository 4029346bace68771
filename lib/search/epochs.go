package search

import (
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
)

// place is where in its phase a search stands.
type place struct {
	Phase
	epoch int // of the phase, from 0
}

// at is the place of an epoch of the search, which is one of the current phase.
func (t *Search) at(epoch int) place {
	for _, p := range t.phases[:t.phase] {
		epoch -= p.Epochs
	}
	return place{t.phases[t.phase], epoch}
}

// Epochs implements fit.Task: of all phases.
func (t *Search) Epochs() (n int) {
	for _, p := range t.phases {
		n += p.Epochs
	}
	return
}

// EndEpoch implements fit.Task: what the architecture looks like now. At the end of a phase the next one is entered with
// the operations that are worth keeping.
func (t *Search) EndEpoch(epoch int) (fit.Metrics, map[string]any, error) {
	m := fit.Metrics{}
	if err := t.recordTermNorms(m, epoch); err != nil {
		return nil, nil, err
	}
	details := t.details()
	if next := t.phase + 1; t.at(epoch+1).epoch == t.phases[t.phase].Epochs && next < len(t.phases) {
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
