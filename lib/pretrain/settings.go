package pretrain

import (
	"fmt"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/barlow"
	"github.com/essnas/essnas/lib/block"
)

// Settings are all that decides a pretraining, apart from the genotype, the data and the machine.
type Settings struct {
	Cells     int    `json:"cells" help:"cells of the network; reductions at 1/3 and 2/3 of the depth"`
	Channels  int    `json:"channels" help:"channels of a state in the first cells"`
	Batch     int    `json:"batch" help:"images in a batch, of which there are two views each"`
	Devices   int    `json:"devices" help:"devices that share each batch"`
	Precision string `json:"precision" help:"of the numbers that images are on their way through the network: float32, or bf16, for GPUs; sums, norms, losses and weights stay float32"`
	Epochs    int    `json:"epochs" help:"passes over the training images"`
	Images    int    `json:"images" help:"training images used, before a fifth of them is held back; 0: all"`
	Seed      uint64 `json:"seed" help:"decides initial weights, the split, the order and the views of images"`

	Views     string  `json:"views" help:"distortions of the two views: steps with their probability and strengths, those not named never happen; 'default, gray 0, jitter 0.5 hue 0.2' changes the default"`
	Projector string  `json:"projector" help:"sizes of the layers from features to the embedding: one linear layer like 128, or more with norm and ReLU between them, like 512,512,512"`
	Lambda    float64 `json:"lambda" help:"weight of the redundancy reduction"`

	Optimizer   string  `json:"optimizer" help:"lars, sgd or adam"`
	LR          float64 `json:"lr" help:"learning rate after the warm-up; the cosine ends at a thousandth of it"`
	LRVectors   float64 `json:"lr_vectors" help:"of lars: learning rate of biases and norms, as a share of the others'"`
	WarmUp      int     `json:"warm_up" help:"epochs in which the learning rate rises from 0"`
	Momentum    float64 `json:"momentum" help:"momentum of lars and sgd"`
	WeightDecay float64 `json:"weight_decay" help:"L2 penalty; of lars not for biases and norms"`

	KNNEvery int `json:"knn_every" help:"epochs between measurements of the features by their nearest neighbours; 0: none but at the end"`
}

// Validate says in a sentence which setting can't be used, and why.
func (s Settings) Validate() error {
	_, precision := block.ParsePrecision(s.Precision)
	switch {
	case precision != nil:
		return precision
	case s.Cells < 3:
		return fmt.Errorf("cells is %d: a network needs at least 3, for its two reductions", s.Cells)
	case s.Channels < 2 || s.Channels%2 != 0:
		return fmt.Errorf("channels is %d: it must be even and positive", s.Channels)
	case s.Batch < 2:
		return fmt.Errorf("batch is %d: features are compared over a batch, so it needs at least 2 images", s.Batch)
	case s.Devices < 1 || s.Batch%s.Devices != 0:
		return fmt.Errorf("devices is %d: want 1 or more that share a batch of %d", s.Devices, s.Batch)
	case s.Epochs < 1:
		return fmt.Errorf("epochs is %d: want at least 1", s.Epochs)
	case s.Images < 0 || s.Images > 0 && s.Images < 2*s.Batch:
		return fmt.Errorf("images is %d: too few to fill batches of %d beside those held back; give at least %d (or 0 for all)", s.Images, s.Batch, 2*s.Batch)
	case !(s.Lambda >= 0):
		return fmt.Errorf("lambda is %g: want 0 or more", s.Lambda)
	case s.Optimizer != "lars" && s.Optimizer != "sgd" && s.Optimizer != "adam":
		return fmt.Errorf("optimizer is %q: choose lars, sgd or adam", s.Optimizer)
	case !(s.LR > 0) || !(s.LRVectors >= 0):
		return fmt.Errorf("lr is %g and lr_vectors %g: want a positive number, and one that is not negative", s.LR, s.LRVectors)
	case s.WarmUp < 0 || s.WarmUp >= s.Epochs:
		return fmt.Errorf("warm_up is %d of %d epochs: want 0 or more, and fewer than there are", s.WarmUp, s.Epochs)
	case !(s.Momentum >= 0 && s.Momentum < 1) || !(s.WeightDecay >= 0):
		return fmt.Errorf("momentum is %g and weight_decay %g: want 0 <= momentum < 1, and a penalty that is not negative", s.Momentum, s.WeightDecay)
	case s.KNNEvery < 0:
		return fmt.Errorf("knn_every is %d: want 0 (only at the end) or more", s.KNNEvery)
	}
	if _, err := barlow.ParseSizes(s.Projector); err != nil {
		return err
	}
	_, err := augment.ParseViews(s.Views)
	return err
}
