package settings

import (
	"fmt"
	"slices"
)

// Robustness holds the settings of a search for robust cells.
type Robustness struct {
	Robust       string  `json:"robust" help:"term of the architecture's loss that asks for robustness: fgsm (the cross-entropy of images moved by FGSM), or jacobian (the squared length of the cross-entropy's gradient with respect to the images); none"`
	RobustWeight float64 `json:"robust_weight" help:"weight of the robust term; robust requires it"`
	RobustEps    string  `json:"robust_eps" help:"with robust fgsm: change of a pixel, as a fraction or a decimal; pixels lie in 0..1; none: 4/255"`
}

// RobustTerms lists the values of the setting robust besides none.
func RobustTerms() []string { return []string{"fgsm", "jacobian"} }

// On reports whether the loss has a robust term.
func (r Robustness) On() bool { return r.Robust != "" && r.Robust != "none" }

// Radius returns robust_eps as a number. It returns an error if robust_eps is no number above 0 and
// up to 1.
func (r Robustness) Radius() (float64, error) {
	if r.RobustEps == "" {
		return 4. / 255, nil
	}
	x, err := fraction(r.RobustEps)
	if err != nil || !(x > 0 && x <= 1) {
		return 0, fmt.Errorf("robust_eps is %q: want a fraction or a decimal above 0 and up to 1, like 4/255", r.RobustEps)
	}
	return x, nil
}

func (r Robustness) validate() error {
	if !r.On() {
		return nil
	}
	if !slices.Contains(RobustTerms(), r.Robust) {
		return fmt.Errorf("robust is %q: choose none or one of %v", r.Robust, RobustTerms())
	}
	if !(r.RobustWeight > 0) {
		return fmt.Errorf("robust_weight is %g: want a positive weight of the term %s, like 1", r.RobustWeight, r.Robust)
	}
	_, err := r.Radius()
	return err
}
