package network

import (
	"encoding/json"
	"fmt"

	"github.com/essnas/essnas/lib/block"
)

// Settings are all that decides the training of a found network, apart from its genotype, the data and the machine.
type Settings struct {
	Cells     int     `json:"cells" help:"cells of the network; reductions at 1/3 and 2/3 of the depth"`
	Channels  int     `json:"channels" help:"channels of a state in the first cells"`
	Auxiliary float64 `json:"auxiliary" help:"weight of the auxiliary tower's loss; 0: no tower"`
	DropPath  float64 `json:"drop_path" help:"probability of dropping a path at the end of training; it grows linearly from 0"`
	Batch     int     `json:"batch" help:"images in a batch"`
	Epochs    int     `json:"epochs" help:"passes over the training images"`
	Images    int     `json:"images" help:"training images used, before the validation images are taken off; 0: all"`
	Labels    float64 `json:"labels" help:"share of the training images whose labels are used, the same of each class; the others are left out, and an epoch has as many steps as with all, so that it goes through these more often"`
	Devices   int     `json:"devices" help:"devices that share each batch"`
	Precision string  `json:"precision" help:"of the numbers that images are on their way through the network: float32, or bf16, for GPUs; sums, norms, losses and weights stay float32"`
	Seed      uint64  `json:"seed" help:"decides initial weights, the split, the order and the augmentation of images"`

	LR          float64 `json:"lr" help:"learning rate at the start (SGD); the cosine ends at 0"`
	Momentum    float64 `json:"momentum" help:"momentum"`
	WeightDecay float64 `json:"weight_decay" help:"L2 penalty"`
	Clip        float64 `json:"clip" help:"largest norm of the gradient"`

	Cutout int `json:"cutout" help:"side of the square that is cut out of training images, in pixels; 0: none"`
}

// UnmarshalJSON reads settings of runs that were made before labels was one of them, too: they used all.
func (s *Settings) UnmarshalJSON(text []byte) error {
	type plain Settings // without this method
	if s.Labels == 0 {
		s.Labels = 1
	}
	return json.Unmarshal(text, (*plain)(s))
}

// Validate says in a sentence which setting can't be used, and why.
func (s Settings) Validate() error {
	_, precision := block.ParsePrecision(s.Precision)
	switch {
	case s.Cells < 3:
		return fmt.Errorf("cells is %d: a network needs at least 3, for its two reductions", s.Cells)
	case s.Channels < 2 || s.Channels%2 != 0:
		return fmt.Errorf("channels is %d: it must be even and positive", s.Channels)
	case s.Auxiliary < 0:
		return fmt.Errorf("auxiliary is %g: want 0 (no tower) or a positive weight", s.Auxiliary)
	case s.DropPath < 0 || s.DropPath >= 1:
		return fmt.Errorf("drop_path is %g: want 0 <= drop_path < 1", s.DropPath)
	case s.Batch < 2:
		return fmt.Errorf("batch is %d: batch normalisation needs at least 2 images", s.Batch)
	case precision != nil:
		return precision
	case s.Devices < 1 || s.Batch%s.Devices != 0 || s.Batch/s.Devices < 2:
		return fmt.Errorf("devices is %d: want 1 or more that share a batch of %d, with at least 2 images each", s.Devices, s.Batch)
	case s.Epochs < 1:
		return fmt.Errorf("epochs is %d: want at least 1", s.Epochs)
	case s.Images < 0 || s.Images > 0 && s.Images < 2*s.Batch:
		return fmt.Errorf("images is %d: too few to fill batches of %d beside the validation images; give at least %d (or 0 for all)", s.Images, s.Batch, 2*s.Batch)
	case !(s.Labels > 0 && s.Labels <= 1):
		return fmt.Errorf("labels is %g: want a share above 0 and up to 1, which is all", s.Labels)
	case s.LR <= 0 || s.Momentum < 0 || s.Momentum >= 1 || s.WeightDecay < 0 || s.Clip <= 0:
		return fmt.Errorf("lr %g and clip %g must be positive, momentum %g in [0, 1), weight_decay %g not negative", s.LR, s.Clip, s.Momentum, s.WeightDecay)
	case s.Cutout < 0:
		return fmt.Errorf("cutout is %d pixels: want 0 (none) or more", s.Cutout)
	}
	return nil
}
