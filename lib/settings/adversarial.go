package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Adversarial holds the settings of adversarial training.
type Adversarial struct {
	Adversarial string  `json:"adversarial" help:"train on adversarial images in place of clean ones: fgsm (one step from a random start, arXiv:2001.03994) or pgd (several steps, arXiv:1706.06083); none: clean images"`
	Eps         string  `json:"eps" help:"largest change of a pixel in adversarial training, as a fraction or a decimal; pixels lie in 0..1"`
	AttackSteps int     `json:"attack_steps" help:"steps of pgd in adversarial training, and in the validation of both attacks"`
	AttackStep  float64 `json:"attack_step" help:"length of an attack's step in adversarial training, in units of eps; 0: 1.25 for fgsm, 2.5 / attack_steps for pgd"`
}

// Attacks lists the values of the setting adversarial besides none, from the weakest to the
// strongest.
func Attacks() []string { return []string{"fgsm", "pgd"} }

// On reports whether a training is adversarial.
func (a Adversarial) On() bool { return a.Adversarial != "" && a.Adversarial != "none" }

// Radius returns eps as a number. It returns an error if eps is no number above 0 and up to 1.
func (a Adversarial) Radius() (float64, error) {
	x, err := fraction(a.Eps)
	if err != nil || !(x > 0 && x <= 1) {
		return 0, fmt.Errorf("eps is %q: want a fraction or a decimal above 0 and up to 1, like 8/255", a.Eps)
	}
	return x, nil
}

// Steps returns the number of the attack's steps in training and their length, in units of eps.
func (a Adversarial) Steps() (n int, length float64) {
	n, length = a.AttackSteps, a.AttackStep
	if a.Adversarial == "fgsm" {
		n = 1
	}
	if length == 0 {
		if length = 2.5 / float64(n); n == 1 {
			length = 1.25
		}
	}
	return n, length
}

func (a Adversarial) validate() error {
	if !a.On() {
		return nil
	}
	if !slices.Contains(Attacks(), a.Adversarial) {
		return fmt.Errorf("adversarial is %q: choose none or one of %v", a.Adversarial, Attacks())
	}
	if _, err := a.Radius(); err != nil {
		return err
	}
	switch {
	case a.AttackSteps < 1:
		return fmt.Errorf("attack_steps is %d: want at least 1", a.AttackSteps)
	case !(a.AttackStep >= 0):
		return fmt.Errorf("attack_step is %g: want 0 (the default) or a length in units of eps", a.AttackStep)
	}
	return nil
}

// fraction reads a number such as 8/255 or 0.03.
func fraction(text string) (float64, error) {
	over, under, divided := strings.Cut(text, "/")
	x, err := strconv.ParseFloat(strings.TrimSpace(over), 64)
	if err != nil || !divided {
		return x, err
	}
	y, err := strconv.ParseFloat(strings.TrimSpace(under), 64)
	return x / y, err
}
