package settings

import (
	"encoding/json"
	"fmt"
)

// Train holds all settings of a training of a cell's network apart from the cell.
type Train struct {
	Shared
	Auxiliary float64 `json:"auxiliary" help:"weight of the auxiliary tower's loss; 0: no tower"`
	DropPath  float64 `json:"drop_path" help:"probability of dropping a path at the end of training; it grows linearly from 0"`
	Labels    float64 `json:"labels" help:"share of the training images whose labels are used, equal for all classes; an epoch repeats these images and has as many steps as with all"`
	Clip      float64 `json:"clip" help:"largest norm of the gradient"`
	Cutout    int     `json:"cutout" help:"side of the square that cutout erases in training images, in pixels; 0: none"`
	Adversarial
}

// order is the order of the JSON: never change it, only append.
func (Train) order() []string {
	return []string{
		"cells", "channels", "auxiliary", "drop_path", "batch", "epochs", "images", "labels", "devices", "precision", "seed",
		"lr", "momentum", "weight_decay", "clip", "cutout",
		"adversarial", "eps", "attack_steps", "attack_step",
	}
}

// omits returns the settings that the JSON leaves out: those of adversarial training where it is
// off, so that a run keeps the name that it had before there were such settings.
func (s Train) omits() map[string]bool {
	off := !s.On()
	return map[string]bool{"adversarial": off, "eps": off, "attack_steps": off, "attack_step": off}
}

func (Train) helps() map[string]string { return nil }

// MarshalJSON writes the settings in the order that names runs. It never returns an error for
// finite numbers.
func (s Train) MarshalJSON() ([]byte, error) { return marshal(s) }

// UnmarshalJSON reads settings; runs from before the setting labels used all of them. It returns an
// error for invalid JSON.
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
		return fmt.Errorf("labels is %g: want a share above 0 and up to 1, which is all", s.Labels)
	case !(s.Clip > 0):
		return fmt.Errorf("clip is %g: want a positive number", s.Clip)
	case s.Cutout < 0:
		return fmt.Errorf("cutout is %d pixels: want 0 (none) or more", s.Cutout)
	}
	return s.Adversarial.validate()
}
