package student

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Welch returns the standard error of the difference of the means of a [n] and b [m], and the t
// distribution of the difference in its units (B. Welch, 1947), with the degrees of freedom of F.
// Satterthwaite (1946). The variances may differ. ok is false without a test: with fewer than two
// values on a side, or without spread on both sides.
func Welch(a, b []float64) (deviation float64, t distuv.StudentsT, ok bool) {
	n, m := float64(len(a)), float64(len(b))
	if n < 2 || m < 2 {
		return 0, t, false
	}
	u, v := stat.Variance(a, nil)/n, stat.Variance(b, nil)/m
	if u+v == 0 {
		return 0, t, false
	}
	t = distuv.StudentsT{Sigma: 1, Nu: (u + v) * (u + v) / (u*u/(n-1) + v*v/(m-1))}
	return math.Sqrt(u + v), t, true
}
