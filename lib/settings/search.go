package settings

import (
	"fmt"
	"slices"

	"github.com/essnas/essnas/lib/cell"
)

// Search holds all settings of a search. The zero value is invalid: start from a preset (see
// [SearchChoice]).
type Search struct {
	Shared
	Partial int `json:"k" help:"1/K of the channels pass through the operations; 1: all of them, without edge normalisation (DARTS)"`
	Frozen  int `json:"frozen_epochs" help:"epochs at the start in which alphas and betas are frozen"`

	LRMin float64 `json:"lr_min" help:"learning rate of the weights at the end of the cosine"`
	Clip  float64 `json:"clip" help:"largest norm of the weights' gradient"`

	ArchLR          float64 `json:"arch_lr" help:"learning rate of alphas and betas (Adam, betas 0.5 and 0.999)"`
	ArchWeightDecay float64 `json:"arch_weight_decay" help:"L2 penalty of alphas and betas"`
	ArchClip        float64 `json:"arch_clip" help:"largest norm of the gradient of alphas and betas; 0: no limit"`
	Unrolled        bool    `json:"unrolled" help:"second-order architecture step (arXiv:1806.09055, eq. 7 and 8): the gradient of the alphas includes one step of the weights and takes about three times the time"`

	Phases    string `json:"phases" help:"phases of a progressive search, each CELLSxCHANNELS/OPERATIONS/SKIP-DROPOUT/EPOCHS/FROZEN-EPOCHS, like '5/8 11/5/0.4 17/3/0.7'; omitted channels, epochs and frozen epochs are those of the search; empty: one phase"`
	SkipLimit int    `json:"skip_limit" help:"largest number of skip connections in the normal cell; 0: no limit"`

	Mixed
	Twins

	AuxiliarySkip float64 `json:"auxiliary_skip" help:"against collapse, DARTS- (arXiv:2009.01027): initial factor of a skip connection beside every mixture, which falls linearly to 0; the paper has 1; 0: none"`
	BetaDecay     float64 `json:"beta_decay" help:"against collapse (arXiv:2203.01665): final weight of a regulariser of the alphas, which grows linearly from 0; the paper has 50; 0: none"`
	StopSkips     int     `json:"stop_skips" help:"against collapse, DARTS+ (arXiv:1909.06035): number of skip connections in the normal cell that ends a search, or its phase, early; the paper has 2; 0: never"`
	Eigenvalue    int     `json:"eigenvalue" help:"sign of collapse (arXiv:1909.09656): epochs between estimates of the largest eigenvalue of the Hessian of the validation loss with respect to the alphas; 0: none"`

	Operations string `json:"operations" help:"operations of the search space, separated by commas: like none,skip_connect,sep_conv_3x3, or changes of the eight of DARTS, like -none or +capsule_dynamic,+capsule_em,+capsule_self; capsules with 1 or 3 rounds of routing instead of 2 are capsule_dynamic_1, capsule_em_3, and so on"`
	States     int    `json:"states" help:"states of a cell, 2 to 5"`

	Robustness

	Sigmoid      bool    `json:"sigmoid" help:"weights of operations are sigmoid(alpha) instead of softmax(alpha): operations don't compete (FairDARTS, arXiv:1911.12126)"`
	ZeroOne      float64 `json:"zero_one" help:"with sigmoid: factor of the loss that drives sigmoids to 0 or 1 (arXiv:1911.12126, eq. 4); the paper has 10; 0: none"`
	RivalDropout float64 `json:"rival_dropout" help:"initial rate of dropout on all operations without weights, skip connections and pools, which falls in each phase like P-DARTS' dropout of skip connections (arXiv:1904.12760, section 3.3); 0: none"`
	KeepCapsules int     `json:"keep_capsules" help:"least number of capsule operations that an edge keeps at the end of the first phase, protected like NEAT's species (Stanley and Miikkulainen, 2002); 0: none"`

	Cutout int `json:"cutout" help:"side of the square that cutout erases in training images, in pixels; 0: none"`
}

// Mixed holds the settings of the mixed loss f * scale * L_BT + (1-f) * L_CE, with f = ss_factor,
// from the command line to the loss.
type Mixed struct {
	SSFactor  float64 `json:"ss_factor" help:"weight of the self-supervised loss in the mixed loss, 0 to 1; 0: plain search"`
	SSScale   float64 `json:"ss_scale" help:"factor of the self-supervised loss, which grows with the size of the embedding"`
	TwoViews  bool    `json:"two_views" help:"control for ss_factor 0: the cross-entropy sees the two distorted views of a mixed search, without the self-supervised loss"`
	SSBalance int     `json:"ss_balance" help:"steps between measurements of a factor, one for each level, that makes the self-supervised gradient as long as that of the cross-entropy; 0: no such factor, as in the slides"`
}

func (m Mixed) validate() error {
	switch {
	case !(m.SSFactor >= 0 && m.SSFactor <= 1):
		return fmt.Errorf("ss_factor is %g: want 0 (labels only) to 1 (no labels)", m.SSFactor)
	case m.SSFactor > 0 && !(m.SSScale > 0):
		return fmt.Errorf("ss_scale is %g: want a positive number", m.SSScale)
	case m.TwoViews && m.SSFactor > 0:
		return fmt.Errorf("two_views is the control for ss_factor 0, and ss_factor %g has two views already: give one of them", m.SSFactor)
	case m.SSBalance < 0:
		return fmt.Errorf("ss_balance is %d steps: want 0 (never) or more", m.SSBalance)
	}
	return nil
}

// order is the order of the JSON: never change it, only append.
func (Search) order() []string {
	return []string{
		"cells", "channels", "k", "batch", "devices", "precision", "epochs", "frozen_epochs", "images", "seed",
		"lr", "lr_min", "momentum", "weight_decay", "clip", "arch_lr", "arch_weight_decay", "phases", "skip_limit",
		"ss_factor", "ss_scale", "ss_balance", "projector", "views",
		"auxiliary_skip", "beta_decay", "stop_skips", "eigenvalue", "cutout",
		"operations", "states",
		"arch_clip", "unrolled", "two_views",
		"sigmoid", "zero_one", "rival_dropout", "keep_capsules",
		"robust", "robust_weight", "robust_eps",
	}
}

// helps overrides the help of shared settings for searches.
func (Search) helps() map[string]string {
	return map[string]string{
		"cells":        "cells of the supernet; reductions at 1/3 and 2/3 of the depth",
		"batch":        "images in a batch of either half",
		"epochs":       "passes over the half of the images that trains the weights",
		"images":       "training images used, half for the weights and half for the architecture; 0: all",
		"seed":         "seed of initial weights, alphas, order and augmentation of images",
		"lr":           "learning rate of the weights at the start (SGD)",
		"momentum":     "momentum of the weights",
		"weight_decay": "L2 penalty of the weights",
	}
}

// omits returns the settings that the JSON leaves out: settings of later versions that are off, and
// those of the search space of DARTS. A run thus keeps the name that earlier versions gave it.
func (s Search) omits() map[string]bool {
	names, err := cell.ParseOperations(s.Operations)
	plain := !s.Robustness.On()
	return map[string]bool{
		"robust":        plain,
		"robust_weight": plain,
		"robust_eps":    plain,
		"operations":    err == nil && slices.Equal(names, cell.Primitives),
		"states":        s.States == 0 || s.States == cell.States,
		"arch_clip":     s.ArchClip == 0,
		"unrolled":      !s.Unrolled,
		"two_views":     !s.TwoViews,

		"sigmoid":       !s.Sigmoid,
		"zero_one":      s.ZeroOne == 0,
		"rival_dropout": s.RivalDropout == 0,
		"keep_capsules": s.KeepCapsules == 0,
	}
}

// Space returns the search space of valid settings: that of DARTS unless the settings name another.
// It panics if the settings are invalid.
func (s Search) Space() cell.Space {
	names, err := cell.ParseOperations(s.Operations)
	if err != nil {
		panic(err) // Validate accepts no such settings
	}
	space := cell.Space{Operations: names, States: s.States}
	if s.States == 0 { // settings of a version without this setting
		space.States = cell.States
	}
	return space
}

// validateSpace returns an error that names the invalid part of the search space.
func (s Search) validateSpace() error {
	if _, err := cell.ParseOperations(s.Operations); err != nil {
		return err
	}
	return s.Space().Validate()
}

// MarshalJSON writes the settings in the order that names runs. It never returns an error for
// finite numbers.
func (s Search) MarshalJSON() ([]byte, error) { return marshal(s) }

// Validate returns an error that names the first invalid setting and the reason.
func (s Search) Validate() error {
	if s.Partial < 1 {
		return fmt.Errorf("k is %d: it divides the channels, so it must be at least 1", s.Partial)
	}
	if err := s.validateSpace(); err != nil {
		return err
	}
	if err := s.divide(s.Channels); err != nil {
		return err
	}
	if s.Images > 0 && s.Images < 2*s.Batch {
		return fmt.Errorf("images is %d: each half must fill a batch of %d, so give at least %d (or 0 for all)", s.Images, s.Batch, 2*s.Batch)
	}
	if err := s.Shared.validate(2); err != nil {
		return err
	}
	switch {
	case s.Frozen < 0:
		return fmt.Errorf("frozen_epochs is %d: want 0 or more", s.Frozen)
	case !(s.LRMin >= 0 && s.LRMin <= s.LR):
		return fmt.Errorf("lr is %g and lr_min %g: want 0 <= lr_min <= lr", s.LR, s.LRMin)
	case !(s.ArchWeightDecay >= 0) || !(s.Clip > 0) || !(s.ArchLR > 0):
		return fmt.Errorf("arch_weight_decay %g must not be negative, clip %g and arch_lr %g must be positive", s.ArchWeightDecay, s.Clip, s.ArchLR)
	case !(s.ArchClip >= 0):
		return fmt.Errorf("arch_clip is %g: want 0 (no limit) or more", s.ArchClip)
	case s.SkipLimit < 0:
		return fmt.Errorf("skip_limit is %d: want 0 (no limit) or more", s.SkipLimit)
	case !(s.AuxiliarySkip >= 0) || !(s.BetaDecay >= 0):
		return fmt.Errorf("auxiliary_skip is %g and beta_decay %g: want 0 (none) or more", s.AuxiliarySkip, s.BetaDecay)
	case s.StopSkips < 0 || s.StopSkips > 2*s.Space().States:
		return fmt.Errorf("stop_skips is %d: want 0 (never) to %d, because a cell has %[2]d operations", s.StopSkips, 2*s.Space().States)
	case !(s.ZeroOne >= 0) || s.ZeroOne > 0 && !s.Sigmoid:
		return fmt.Errorf("zero_one is %g: want 0 (none) or more, together with sigmoid", s.ZeroOne)
	case s.Sigmoid && s.BetaDecay > 0:
		return fmt.Errorf("beta_decay regularises the softmax of the alphas, which sigmoid replaces: give one of them")
	case !(s.RivalDropout >= 0 && s.RivalDropout < 1):
		return fmt.Errorf("rival_dropout is %g: want 0 <= rate < 1", s.RivalDropout)
	case s.Eigenvalue < 0:
		return fmt.Errorf("eigenvalue is %d epochs: want 0 (never) or more", s.Eigenvalue)
	case s.Cutout < 0:
		return fmt.Errorf("cutout is %d pixels: want 0 (none) or more", s.Cutout)
	}
	if err := s.Mixed.validate(); err != nil {
		return err
	}
	if err := s.Robustness.validate(); err != nil {
		return err
	}
	if s.Robustness.On() && (s.Unrolled || s.SSFactor == 1) {
		return fmt.Errorf("robust is %q: a robust term needs labels and a first-order step: leave out unrolled, and give ss_factor below 1", s.Robust)
	}
	if s.SSFactor > 0 {
		if err := s.Twins.validate(); err != nil {
			return err
		}
	}
	phases, err := s.PhaseList()
	if err != nil {
		return err
	}
	return s.validateCapsules(phases)
}

// validateCapsules returns an error if the first phase can't keep the required number of capsules.
func (s Search) validateCapsules(phases []Phase) error {
	capsules := 0
	for _, name := range s.Space().Operations {
		if cell.IsCapsule(name) {
			capsules++
		}
	}
	most := capsules
	if len(phases) > 1 {
		most = min(most, phases[1].Operations)
	} else {
		most = 0
	}
	if n := s.KeepCapsules; n < 0 || n > most {
		return fmt.Errorf("keep_capsules is %d: want 0 to %d, because the operations have %d capsules and the search has %d phases", n, most, capsules, len(phases))
	}
	return nil
}

// divide returns an error if partial channels can't divide the channels of a state.
func (s Search) divide(channels int) error {
	if k := s.Partial; channels < 2 || channels%2 != 0 || k > 1 && channels%k != 0 {
		return fmt.Errorf("channels is %d: it must be even, and a multiple of k = %d, because 1/k of the channels go through the operations", channels, k)
	}
	return nil
}
