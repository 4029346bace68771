package barlow

// Terms returns the two parts whose sum is the loss of a cross-correlation matrix c [d, d]
// (arXiv:2103.03230, equation 1): invariance, the sum of (1 - c_ii)², and redundancy, lambda times
// the sum of c_ij² off the diagonal. It works on plain numbers, for figures and tests.
func Terms(c [][]float64, lambda float64) (invariance, redundancy float64) {
	for i, row := range c {
		for j, x := range row {
			if i == j {
				invariance += (1 - x) * (1 - x)
			} else {
				redundancy += lambda * x * x
			}
		}
	}
	return invariance, redundancy
}
