// Package student computes means with 95 % intervals by Student's t. It is separate from package
// score because notebook cells link score but should not link gonum's distributions.
package student

import (
	"math"

	"github.com/essnas/essnas/lib/score"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Mean returns the mean of values [n] with its 95 % interval, mean +- t(0.975, n-1) s/sqrt(n),
// which assumes approximately normal values (Student, 1908). One value has a mean without an
// interval; no values have neither.
func Mean(values []float64) score.Estimate {
	e := score.Estimate{N: len(values)}
	if e.N > 0 {
		e.Mean = stat.Mean(values, nil)
	}
	if e.N > 1 {
		e.Half = T(e.N-1).Quantile(0.975) * stat.StdDev(values, nil) / math.Sqrt(float64(e.N))
	}
	return e
}

// T returns Student's t distribution with this many degrees of freedom.
func T(freedom int) distuv.StudentsT {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(freedom)}
}
