package score

import "fmt"

// Estimate is a mean over seeds with its interval.
type Estimate struct {
	N    int     `json:"n"`
	Mean float64 `json:"mean"`
	Half float64 `json:"half"` // half the width of the 95 % t interval, for n >= 2
}

// Text writes the estimate with this number of decimals.
func (e Estimate) Text(digits int) string {
	switch e.N {
	case 0:
		return "-"
	case 1:
		return fmt.Sprintf("%.*f", digits, e.Mean)
	}
	return fmt.Sprintf("%.*f\u00a0±\u00a0%.*f", digits, e.Mean, digits, e.Half)
}
