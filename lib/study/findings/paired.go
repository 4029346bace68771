package findings

import (
	"cmp"
	"math"
	"slices"

	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/score/student"
	"gonum.org/v1/gonum/stat"
)

// Paired is a comparison of two methods over the same seeds.
type Paired struct {
	N int `json:"n"`
	// first minus second, with its 95 % interval
	Difference score.Estimate `json:"difference"`
	T          float64        `json:"t"`
	// two-sided p value; 1 without a test: fewer than two pairs, or differences without spread
	P    float64 `json:"p"`
	Holm float64 `json:"holm"` // P, adjusted for all comparisons of the same family
	// true difference that a test at p < 0.05 with this number of pairs and this spread detects with a
	// power of 0.8; 0 without a test
	Detectable float64 `json:"detectable"`
}

// spreadless reports that there are enough pairs for a test, but that all differences are equal.
func (p Paired) spreadless() bool {
	return p.N > 1 && p.T == 0 && p.Difference.Half <= 1e-9*math.Abs(p.Difference.Mean)
}

// Compare returns the paired t test of a[i] - b[i] against 0 (Student, 1908), for a [n] and b [n].
// A pair shares a seed, and with it the split and the order of the images, which removes their
// influence from the difference. Detectable neglects that the t distribution under the alternative
// is noncentral, which changes it by 2 % at five pairs. Wilcoxon's signed rank test is no
// alternative: with five pairs its smallest p is 0.06, and few studies repeat searches more often.
func Compare(a, b []float64) Paired {
	differences := make([]float64, len(a))
	for i := range a {
		differences[i] = a[i] - b[i]
	}
	c := Paired{N: len(a), Difference: student.Mean(differences), P: 1, Holm: 1}
	if c.N < 2 {
		return c
	}
	s := stat.StdDev(differences, nil)
	if s <= 1e-12*math.Abs(c.Difference.Mean) || s == 0 {
		return c
	}
	c.T = c.Difference.Mean / (s / math.Sqrt(float64(c.N)))
	t := student.T(c.N - 1)
	c.P = 2 * t.Survival(math.Abs(c.T))
	c.Detectable = (t.Quantile(0.975) + t.Quantile(power)) * s / math.Sqrt(float64(c.N))
	return c
}

// NotBelow returns the p value of the test that the true difference is above -margin: the first
// method is worse than the second by at most the margin (one of the two one-sided tests of
// D. Schuirmann, 1987). It returns 1 without a test.
func (p Paired) NotBelow(margin float64) float64 {
	if p.N < 2 || p.T == 0 {
		return 1
	}
	deviation := p.Difference.Mean / p.T
	return student.T(p.N - 1).Survival((p.Difference.Mean + margin) / deviation)
}

// Holm adjusts p values [m] for multiple testing. If values below 0.05 count as significant, the
// probability of one or more false rejections is at most 0.05 (S. Holm, A Simple Sequentially
// Rejective Multiple Test Procedure, 1979). The k-th smallest of m values becomes the largest of
// (m-j+1) p_j over j <= k, at most 1.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted, largest := make([]float64, len(p)), 0.0
	for k, i := range order {
		largest = max(largest, min(1, float64(len(p)-k)*p[i]))
		adjusted[i] = largest
	}
	return adjusted
}
