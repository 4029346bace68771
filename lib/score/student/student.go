// Package student gives means their 95 % intervals by Student's t. It is apart from package score, which cells link, because of the libraries that it needs.
package student

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Estimate is a mean over seeds.
type Estimate struct {
	N    int     `json:"n"`
	Mean float64 `json:"mean"`
	Half float64 `json:"half"` // half the width of the 95 % t interval; it has a meaning for n of 2 and more
}

// Mean is the mean of values with its 95 % interval, mean +- t(0.975, n-1) s/sqrt(n), for values that are about normal (Student, 1908). Of one value there is no
// interval, of none no mean.
func Mean(values []float64) Estimate {
	e := Estimate{N: len(values)}
	if e.N > 0 {
		e.Mean = stat.Mean(values, nil)
	}
	if e.N > 1 {
		e.Half = T(e.N-1).Quantile(0.975) * stat.StdDev(values, nil) / math.Sqrt(float64(e.N))
	}
	return e
}

// Text is the estimate with so many digits.
func (e Estimate) Text(digits int) string {
	switch e.N {
	case 0:
		return "-"
	case 1:
		return fmt.Sprintf("%.*f", digits, e.Mean)
	}
	return fmt.Sprintf("%.*f\u00a0±\u00a0%.*f", digits, e.Mean, digits, e.Half)
}

// T is Student's t distribution with so many degrees of freedom.
func T(freedom int) distuv.StudentsT {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(freedom)}
}
