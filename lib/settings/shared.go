package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/essnas/essnas/lib/augment/distort"
)

// Shared holds the settings of every kind of training: size of the network, batch, length, and
// rates of the optimizer.
type Shared struct {
	Cells     int    `json:"cells" help:"cells of the network; reductions at 1/3 and 2/3 of the depth"`
	Channels  int    `json:"channels" help:"channels of a state in the first cells"`
	Batch     int    `json:"batch" help:"images in a batch"`
	Devices   int    `json:"devices" help:"devices that share each batch"`
	Precision string `json:"precision" help:"activation precision: float32, or bf16, for GPUs; sums, norms, losses and weights stay float32"`
	Epochs    int    `json:"epochs" help:"passes over the training images"`
	Images    int    `json:"images" help:"training images used, including the validation images; 0: all"`
	Seed      uint64 `json:"seed" help:"seed of initial weights, split, order and augmentation of images"`

	LR          float64 `json:"lr" help:"learning rate at the start (SGD); the cosine ends at 0"`
	Momentum    float64 `json:"momentum" help:"momentum"`
	WeightDecay float64 `json:"weight_decay" help:"L2 penalty"`
}

// Twins holds the settings of a self-supervised loss, which compares two distorted views of each
// image. They are texts, stored as written.
type Twins struct {
	Projector string `json:"projector" help:"sizes of the layers from features to the embedding, like 128 or 512,512,512"`
	Views     string `json:"views" help:"distortions of the two views that the self-supervised loss compares: steps with their probability and strengths; unnamed steps never happen; 'default, gray 0, jitter 0.5 hue 0.2' changes the default"`
}

// Lambda is the weight of the redundancy term of the Barlow Twins loss (arXiv:2103.03230, section
// 4.3).
const Lambda = 0.0051

// Precisions lists the names of the activation precisions, the default first. Package block
// computes with them.
func Precisions() []string { return []string{"float32", "bf16"} }

// Sizes returns the sizes of the projector's layers, one per layer. It returns an error if the text
// is not a list of positive numbers.
func (t Twins) Sizes() (sizes []int, err error) {
	for word := range strings.SplitSeq(t.Projector, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("projector is %q: want the sizes of its layers, like 128 or 512,512,512", t.Projector)
		}
		sizes = append(sizes, n)
	}
	return sizes, nil
}

// Distortions parses the views. It returns the error of [distort.Parse].
func (t Twins) Distortions() (distort.Views, error) { return distort.Parse(t.Views) }

func (t Twins) validate() error {
	if _, err := t.Sizes(); err != nil {
		return err
	}
	_, err := t.Distortions()
	return err
}

// The largest networks. More cells or channels are typing errors, which would cost minutes and
// gigabytes before the estimate of memory could report them.
const mostCells, mostChannels = 1000, 4096

// validate returns an error for the first invalid shared setting. least is the smallest number of
// images of a batch on each device.
func (s Shared) validate(least int) error {
	switch {
	case s.Cells < 3:
		return fmt.Errorf("cells is %d: a network needs at least 3, for its two reductions", s.Cells)
	case s.Cells > mostCells:
		return fmt.Errorf("cells is %d: want at most %d", s.Cells, mostCells)
	case s.Channels < 2 || s.Channels%2 != 0:
		return fmt.Errorf("channels is %d: it must be even and positive", s.Channels)
	case s.Channels > mostChannels:
		return fmt.Errorf("channels is %d: want at most %d", s.Channels, mostChannels)
	case s.Batch < 2:
		return fmt.Errorf("batch is %d: batch normalisation needs at least 2 images", s.Batch)
	case s.Precision != "" && !slices.Contains(Precisions(), s.Precision):
		return fmt.Errorf("precision is %q: choose one of %v", s.Precision, Precisions())
	case s.Devices < 1 || s.Batch%s.Devices != 0 || s.Batch/s.Devices < least:
		return fmt.Errorf("devices is %d: want 1 or more, with at least %[3]d images of a batch of %[2]d on each", s.Devices, s.Batch, least)
	case s.Epochs < 1:
		return fmt.Errorf("epochs is %d: want at least 1", s.Epochs)
	case s.Images < 0 || s.Images > 0 && s.Images < 2*s.Batch:
		return fmt.Errorf("images is %d: too few to fill a batch of %d besides the images held back; give at least %d (or 0 for all)", s.Images, s.Batch, 2*s.Batch)
	case !(s.LR > 0):
		return fmt.Errorf("lr is %g: want a positive number", s.LR)
	case !(s.Momentum >= 0 && s.Momentum < 1):
		return fmt.Errorf("momentum is %g: want 0 <= momentum < 1", s.Momentum)
	case !(s.WeightDecay >= 0):
		return fmt.Errorf("weight_decay is %g: want a penalty that is not negative", s.WeightDecay)
	}
	return nil
}
