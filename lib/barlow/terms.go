package barlow

// Terms are both parts of the loss of a cross-correlation matrix c [d, d] (arXiv:2103.03230, equation 1), which is their sum: invariance, the sum of (1 - c_ii)², and
// redundancy, lambda times the sum of c_ij² off the diagonal. In plain numbers, for showing and for tests.
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
