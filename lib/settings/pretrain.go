package settings

import "fmt"

// Pretrain holds all settings of a training without labels apart from the cell.
type Pretrain struct {
	Shared
	Twins
	Lambda float64 `json:"lambda" help:"weight of the redundancy reduction"`

	Optimizer string  `json:"optimizer" help:"lars, sgd or adam"`
	LRVectors float64 `json:"lr_vectors" help:"with lars: learning rate of biases and norms, as a factor of the learning rate of the other weights"`
	LRBatch   int     `json:"lr_batch" help:"batch for which lr is given: lr is scaled in proportion to batch; 0: no scaling"`
	WarmUp    int     `json:"warm_up" help:"epochs in which the learning rate rises from 0"`

	KNNEvery int `json:"knn_every" help:"epochs between measurements of the features by nearest neighbours; 0: only at the end"`
}

// order is the order of the JSON: never change it, only append.
func (Pretrain) order() []string {
	return []string{
		"cells", "channels", "batch", "devices", "precision", "epochs", "images", "seed", "views", "projector", "lambda",
		"optimizer", "lr", "lr_vectors", "warm_up", "momentum", "weight_decay", "knn_every", "lr_batch",
	}
}

// helps overrides the help of shared settings for pretrainings.
func (Pretrain) helps() map[string]string {
	return map[string]string{
		"batch":        "images in a batch, with two views each",
		"images":       "training images used, including the fifth that is held back; 0: all",
		"seed":         "seed of initial weights, split, order and views of images",
		"views":        "distortions of the two views: steps with their probability and strengths; unnamed steps never happen; 'default, gray 0, jitter 0.5 hue 0.2' changes the default",
		"projector":    "sizes of the layers from features to the embedding: one linear layer like 128, or more with norm and ReLU between them, like 512,512,512",
		"lr":           "learning rate after the warm-up; the cosine ends at a thousandth of it",
		"momentum":     "momentum of lars and sgd",
		"weight_decay": "L2 penalty; lars leaves out biases and norms",
	}
}

// omits returns the settings that the JSON leaves out: settings of later versions that are off. A
// run thus keeps the name that earlier versions gave it.
func (s Pretrain) omits() map[string]bool { return map[string]bool{"lr_batch": s.LRBatch == 0} }

// Rate returns the learning rate at the run's batch.
func (s Pretrain) Rate() float64 {
	if s.LRBatch == 0 {
		return s.LR
	}
	return s.LR * float64(s.Batch) / float64(s.LRBatch)
}

// MarshalJSON writes the settings in the order that names runs. It never returns an error for
// finite numbers.
func (s Pretrain) MarshalJSON() ([]byte, error) { return marshal(s) }

// Validate returns an error that names the first invalid setting and the reason.
func (s Pretrain) Validate() error {
	if s.Batch < 2 {
		return fmt.Errorf("batch is %d: features are compared over a batch, so it needs at least 2 images", s.Batch)
	}
	if err := s.Shared.validate(1); err != nil {
		return err
	}
	switch {
	case !(s.Lambda >= 0):
		return fmt.Errorf("lambda is %g: want 0 or more", s.Lambda)
	case s.Optimizer != "lars" && s.Optimizer != "sgd" && s.Optimizer != "adam":
		return fmt.Errorf("optimizer is %q: choose lars, sgd or adam", s.Optimizer)
	case !(s.LRVectors >= 0):
		return fmt.Errorf("lr_vectors is %g: want a number that is not negative", s.LRVectors)
	case s.LRBatch < 0:
		return fmt.Errorf("lr_batch is %d images: want 0 (no scaling) or more", s.LRBatch)
	case s.WarmUp < 0 || s.WarmUp >= s.Epochs:
		return fmt.Errorf("warm_up is %d of %d epochs: want 0 or more, and fewer than epochs", s.WarmUp, s.Epochs)
	case s.KNNEvery < 0:
		return fmt.Errorf("knn_every is %d: want 0 (only at the end) or more", s.KNNEvery)
	}
	return s.Twins.validate()
}
