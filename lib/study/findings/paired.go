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
	// of the second from the first, with its 95 % interval
	Difference score.Estimate `json:"difference"`
	T          float64        `json:"t"`
	// two-sided; 1 where it can't be told: fewer than two pairs, or differences without any spread
	P    float64 `json:"p"`
	Holm float64 `json:"holm"` // P, adjusted for all comparisons of the same family
	// the true difference that a test at p < 0.05 with as many pairs and such a spread finds with a
	// probability of 0.8; 0 where there is no test
	Detectable float64 `json:"detectable"`
}

// spreadless reports that there are enough pairs for a test, but that all differences are equal.
func (p Paired) spreadless() bool {
	return p.N > 1 && p.T == 0 && p.Difference.Half <= 1e-9*math.Abs(p.Difference.Mean)
}

// Compare returns the paired t test of a[i] - b[i] against 0 (Student, 1908), for a [n] and b [n].
// A pair shares a seed, and with it the split and the order of the images, which removes their
// influence from the difference. Detectable leaves out what the noncentrality of the distribution
// under the alternative changes, two hundredths of it at five pairs. Wilcoxon's signed rank test is no alternative: with five pairs its
// smallest p is 0.06, and searches are rarely repeated more often.
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

// NotBelow returns the p value of the test that the true difference is above -margin: that the first
// method is at most so much worse than the second (one half of the two one-sided tests of
// D. Schuirmann, 1987). It returns 1 where there is no test.
func (p Paired) NotBelow(margin float64) float64 {
	if p.N < 2 || p.T == 0 {
		return 1
	}
	deviation := p.Difference.Mean / p.T
	return student.T(p.N - 1).Survival((p.Difference.Mean + margin) / deviation)
}

// Holm adjusts p values [m] for their number: accepting those below 0.05 leads to one or more
// errors with a probability of at most 0.05 (S. Holm, A Simple Sequentially Rejective Multiple Test
// Procedure, 1979). The k-th smallest of m becomes the largest of (m-j+1) p_j over j <= k, at most
// 1.
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
