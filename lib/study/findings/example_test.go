package findings_test

import (
	"fmt"

	"github.com/essnas/essnas/lib/study/findings"
)

// Accuracies of two configurations with the same five seeds: the mean difference with its 95 %
// interval, and the p value of the paired t test.
func ExampleCompare() {
	searched := []float64{97.31, 97.12, 97.44, 97.25, 97.38}
	random := []float64{97.02, 97.05, 97.10, 97.01, 97.20}
	c := findings.Compare(searched, random)
	fmt.Printf("%.2f +- %.2f points, p = %.3f\n", c.Difference.Mean, c.Difference.Half, c.P)
	// Output: 0.22 +- 0.13 points, p = 0.009
}

// The smallest of three p values counts three times, and so on. The probability that any claim of
// the family is falsely supported then stays below that of a single test.
func ExampleHolm() {
	fmt.Printf("%.3f\n", findings.Holm([]float64{0.012, 0.3, 0.03}))
	// Output: [0.036 0.300 0.060]
}

// Does the accuracy of search networks predict the accuracy of the trained networks?
func ExampleKendall() {
	search := []float64{71, 74, 69, 80, 77}
	trained := []float64{97.0, 97.3, 97.1, 97.4, 97.2}
	r := findings.Kendall(search, trained)
	fmt.Printf("tau %.2f, p = %.2f, %d networks\n", r.Tau, r.P, r.N)
	// Output: tau 0.60, p = 0.23, 5 networks
}
