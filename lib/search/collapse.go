package search

import "github.com/essnas/essnas/lib/cell"

// This file contains the remedies of the literature against collapse, where a search ends in cells
// that consist mostly of skip connections. All of them are off by default.

// setRemedies sets the strength of the remedies in an epoch of a phase. The factor of auxiliary
// skips falls linearly from the setting (DARTS-, arXiv:2009.01027). The weight of beta-decay grows
// linearly to the setting (arXiv:2203.01665).
func (t *Search) setRemedies(at place) {
	done := float64(at.epoch) / float64(at.Epochs)
	t.decaying = t.settings.BetaDecay * done
	if t.settings.AuxiliarySkip > 0 {
		t.arch.Auxiliary = t.settings.AuxiliarySkip * (1 - done)
		t.updateMixing()
	}
}

// keptCapsules returns the number of capsules that an edge keeps at least at the end of the current
// phase: the setting at the end of the first phase, 0 later.
func (t *Search) keptCapsules() int {
	if t.phase > 0 {
		return 0
	}
	return t.settings.KeepCapsules
}

// decay adds the gradients of the zero-one loss and of beta-decay to a gradient of alphas and
// betas.
func (t *Search) decay(gradient []float32) {
	if t.arch.ZeroOne > 0 {
		_, g := t.arch.ZeroOneLoss()
		for i := range gradient {
			gradient[i] += float32(t.arch.ZeroOne * float64(g[i]))
		}
	}
	if t.decaying == 0 {
		return
	}
	_, g := t.arch.BetaDecay()
	for i := range gradient {
		gradient[i] += float32(t.decaying * float64(g[i]))
	}
}

// stopEarly ends a phase early if its normal cell, derived without a limit, has too many skip
// connections (DARTS+, arXiv:1909.06035, criterion 1). The alphas must have left their frozen
// epochs. stopEarly returns the number of skip connections, or 0 if the phase continues.
func (t *Search) stopEarly(at place) int {
	s := t.settings.StopSkips
	if s == 0 || at.epoch < at.Frozen || at.epoch+1 >= at.Epochs {
		return 0
	}
	skips := cell.Skips(t.arch.Derive(0).Normal)
	if skips < s {
		return 0
	}
	t.lengths[t.phase] = at.epoch + 1
	return skips
}
