package settings

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Train holds all settings of a training of a cell's network apart from the cell.
type Train struct {
	Shared
	Auxiliary float64 `json:"auxiliary" help:"weight of the auxiliary tower's loss; 0: no tower"`
	DropPath  float64 `json:"drop_path" help:"probability of dropping a path at the end of training; it grows linearly from 0"`
	Labels    float64 `json:"labels" help:"share of the training images whose labels are used, equal for all classes; an epoch repeats these images and has the same number of steps for every share"`
	Clip      float64 `json:"clip" help:"largest norm of the gradient"`
	Cutout    int     `json:"cutout" help:"side of the square that cutout erases in training images, in pixels; 0: none"`
	Adversarial

	Stem string `json:"stem" help:"layers before the first cell: cifar, one 3x3 convolution, or imagenet, three of stride 2, which images of 224 pixels need"`

	ClassWeights string `json:"class_weights" help:"weights of the classes in the training's loss: none, or balanced, which gives every class the same total weight; validation and test are unweighted"`
}

// order is the order of the JSON: never change it, only append.
func (Train) order() []string {
	return []string{
		"cells", "channels", "auxiliary", "drop_path", "batch", "epochs", "images", "labels", "devices", "precision", "seed",
		"lr", "momentum", "weight_decay", "clip", "cutout",
		"adversarial", "eps", "attack_steps", "attack_step",
		"stem", "class_weights",
	}
}

func (Train) helps() map[string]string { return nil }

// omits returns the settings that the JSON leaves out: settings of later versions that are off. A
// run thus keeps the name that earlier versions gave it.
func (s Train) omits() map[string]bool {
	off := !s.On()
	return map[string]bool{
		"stem": s.Stem == "" || s.Stem == Stems()[0], "class_weights": !s.Balances(),
		"adversarial": off, "eps": off, "attack_steps": off, "attack_step": off,
	}
}

// Stems lists the names of the layers before the first cell, the default first. Package backbone
// has the layers.
func Stems() []string { return []string{"cifar", "imagenet"} }

// ClassWeights lists the choices of the weights of classes, the default first.
func ClassWeights() []string { return []string{"none", "balanced"} }

// Balances reports whether every class has the same total weight in the loss.
func (s Train) Balances() bool { return s.ClassWeights == ClassWeights()[1] }

// MarshalJSON writes the settings in the order that names runs. It never returns an error for
// finite numbers.
func (s Train) MarshalJSON() ([]byte, error) { return marshal(s) }

// UnmarshalJSON reads settings. A missing labels means all labels: runs of earlier versions lack
// the setting. UnmarshalJSON returns an error for invalid JSON.
func (s *Train) UnmarshalJSON(text []byte) error {
	type plain Train // without this method
	if s.Labels == 0 {
		s.Labels = 1
	}
	return json.Unmarshal(text, (*plain)(s))
}

// Validate returns an error that names the first invalid setting and the reason.
func (s Train) Validate() error {
	if err := s.Shared.validate(2); err != nil {
		return err
	}
	switch {
	case !(s.Auxiliary >= 0):
		return fmt.Errorf("auxiliary is %g: want 0 (no tower) or a positive weight", s.Auxiliary)
	case !(s.DropPath >= 0 && s.DropPath < 1):
		return fmt.Errorf("drop_path is %g: want 0 <= drop_path < 1", s.DropPath)
	case !(s.Labels > 0 && s.Labels <= 1):
		return fmt.Errorf("labels is %g: want a share above 0 and up to 1 (all labels)", s.Labels)
	case s.Stem != "" && !slices.Contains(Stems(), s.Stem):
		return fmt.Errorf("stem is %q: choose one of %s", s.Stem, strings.Join(Stems(), ", "))
	case s.ClassWeights != "" && !slices.Contains(ClassWeights(), s.ClassWeights):
		return fmt.Errorf("class_weights is %q: choose one of %s", s.ClassWeights, strings.Join(ClassWeights(), ", "))
	case !(s.Clip > 0):
		return fmt.Errorf("clip is %g: want a positive number", s.Clip)
	case s.Cutout < 0:
		return fmt.Errorf("cutout is %d pixels: want 0 (none) or more", s.Cutout)
	}
	return s.Adversarial.validate()
}
