package search

import (
	"fmt"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/barlow"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
)

// Settings are all that decides a search, apart from the data and the machine. The zero value is not useful: start from a preset.
type Settings struct {
	Cells     int    `json:"cells" help:"cells of the supernet; reductions at 1/3 and 2/3 of the depth"`
	Channels  int    `json:"channels" help:"channels of a state in the first cells"`
	Partial   int    `json:"k" help:"1/K of the channels go through the operations; 1: all of them, without edge normalisation (DARTS)"`
	Batch     int    `json:"batch" help:"images in a batch, of the weights and of the architecture step alike"`
	Devices   int    `json:"devices" help:"devices that share each batch"`
	Precision string `json:"precision" help:"of the numbers that images are on their way through the network: float32, or bf16, for GPUs; sums, norms, losses and weights stay float32"`
	Epochs    int    `json:"epochs" help:"passes over the half of the images that trains the weights"`
	Frozen    int    `json:"frozen_epochs" help:"epochs at the start in which alphas and betas stand still"`
	Images    int    `json:"images" help:"training images used, half for the weights and half for the architecture; 0: all"`
	Seed      uint64 `json:"seed" help:"decides initial weights, alphas, the order and the augmentation of images"`

	LR          float64 `json:"lr" help:"learning rate of the weights at the start (SGD)"`
	LRMin       float64 `json:"lr_min" help:"learning rate of the weights at the end of the cosine"`
	Momentum    float64 `json:"momentum" help:"momentum of the weights"`
	WeightDecay float64 `json:"weight_decay" help:"L2 penalty of the weights"`
	Clip        float64 `json:"clip" help:"largest norm of the weights' gradient"`

	ArchLR          float64 `json:"arch_lr" help:"learning rate of alphas and betas (Adam, betas 0.5 and 0.999)"`
	ArchWeightDecay float64 `json:"arch_weight_decay" help:"L2 penalty of alphas and betas"`

	Phases    string `json:"phases" help:"phases of a progressive search, each CELLSxCHANNELS/OPERATIONS/SKIP-DROPOUT/EPOCHS/FROZEN-EPOCHS, like '5/8 11/5/0.4 17/3/0.7': channels, epochs and frozen epochs that are left out are those of the search; none: one phase"`
	SkipLimit int    `json:"skip_limit" help:"most skip connections in the found normal cell; 0: no limit"`

	SSFactor  float64 `json:"ss_factor" help:"share of the self-supervised loss in the mixed one, 0 to 1; 0: plain search"`
	SSScale   float64 `json:"ss_scale" help:"scale of the self-supervised loss, which is of the size of the embedding"`
	SSBalance int     `json:"ss_balance" help:"steps from one measurement to the next of the factor that makes the self-supervised gradient as long as the cross-entropy's, in each level; 0: no such factor, as in the slides"`
	Projector string  `json:"projector" help:"sizes of the layers from features to the embedding, like 128 or 512,512,512"`
	Views     string  `json:"views" help:"distortions of the two views that the self-supervised loss compares: steps with their probability and strengths, those not named never happen; 'default, gray 0, jitter 0.5 hue 0.2' changes the default"`

	AuxiliarySkip float64 `json:"auxiliary_skip" help:"against collapse, DARTS- (arXiv:2009.01027): factor of a skip connection beside every mixture, falling linearly to 0; there 1; 0: none"`
	BetaDecay     float64 `json:"beta_decay" help:"against collapse (arXiv:2203.01665): weight that a regulariser of the alphas grows to, linearly from 0; there 50; 0: none"`
	StopSkips     int     `json:"stop_skips" help:"against collapse, DARTS+ (arXiv:1909.06035): skip connections in the normal cell at which a search, or its phase, ends early; there 2; 0: never"`
	Eigenvalue    int     `json:"eigenvalue" help:"sign of collapse (arXiv:1909.09656): epochs from one estimate to the next of the largest eigenvalue of the validation loss's Hessian in the alphas; 0: none"`

	Cutout int `json:"cutout" help:"side of the square that is cut out of training images, in pixels; 0: none"`
}

// Validate says in a sentence which setting can't be used, and why.
func (s Settings) Validate() error {
	_, precision := block.ParsePrecision(s.Precision)
	switch {
	case s.Cells < 3:
		return fmt.Errorf("cells is %d: a network needs at least 3, for its two reductions", s.Cells)
	case s.Partial < 1:
		return fmt.Errorf("k is %d: it divides the channels, so it must be at least 1", s.Partial)
	case s.divide(s.Channels) != nil:
		return s.divide(s.Channels)
	case s.Batch < 2:
		return fmt.Errorf("batch is %d: batch normalisation needs at least 2 images", s.Batch)
	case precision != nil:
		return precision
	case s.Devices < 1 || s.Batch%s.Devices != 0 || s.Batch/s.Devices < 2:
		return fmt.Errorf("devices is %d: want 1 or more that share a batch of %d, with at least 2 images each", s.Devices, s.Batch)
	case s.Epochs < 1 || s.Frozen < 0:
		return fmt.Errorf("epochs is %d and frozen_epochs %d: want at least 1 and 0", s.Epochs, s.Frozen)
	case s.Images < 0 || s.Images > 0 && s.Images < 2*s.Batch:
		return fmt.Errorf("images is %d: each half must fill a batch of %d, so give at least %d (or 0 for all)", s.Images, s.Batch, 2*s.Batch)
	case s.LR <= 0 || s.LRMin < 0 || s.LRMin > s.LR:
		return fmt.Errorf("lr is %g and lr_min %g: want 0 <= lr_min <= lr and lr > 0", s.LR, s.LRMin)
	case s.Momentum < 0 || s.Momentum >= 1:
		return fmt.Errorf("momentum is %g: want 0 <= momentum < 1", s.Momentum)
	case s.WeightDecay < 0 || s.ArchWeightDecay < 0 || s.Clip <= 0 || s.ArchLR <= 0:
		return fmt.Errorf("weight_decay %g and arch_weight_decay %g must not be negative, clip %g and arch_lr %g must be positive", s.WeightDecay, s.ArchWeightDecay, s.Clip, s.ArchLR)
	case s.SkipLimit < 0:
		return fmt.Errorf("skip_limit is %d: want 0 (no limit) or more", s.SkipLimit)
	case !(s.SSFactor >= 0 && s.SSFactor <= 1):
		return fmt.Errorf("ss_factor is %g: want 0 (labels only) to 1 (no labels)", s.SSFactor)
	case s.SSFactor > 0 && !(s.SSScale > 0):
		return fmt.Errorf("ss_scale is %g: want a positive number", s.SSScale)
	case s.SSBalance < 0:
		return fmt.Errorf("ss_balance is %d steps: want 0 (never) or more", s.SSBalance)
	case s.AuxiliarySkip < 0 || s.BetaDecay < 0:
		return fmt.Errorf("auxiliary_skip is %g and beta_decay %g: want 0 (none) or more", s.AuxiliarySkip, s.BetaDecay)
	case s.StopSkips < 0 || s.StopSkips > 2*cell.States:
		return fmt.Errorf("stop_skips is %d: want 0 (never) to %d, for a cell has %[2]d operations", s.StopSkips, 2*cell.States)
	case s.Eigenvalue < 0:
		return fmt.Errorf("eigenvalue is %d epochs: want 0 (never) or more", s.Eigenvalue)
	case s.Cutout < 0:
		return fmt.Errorf("cutout is %d pixels: want 0 (none) or more", s.Cutout)
	}
	if s.SSFactor > 0 {
		if _, err := barlow.ParseSizes(s.Projector); err != nil {
			return err
		}
		if _, err := augment.ParseViews(s.Views); err != nil {
			return err
		}
	}
	_, err := s.PhaseList()
	return err
}
