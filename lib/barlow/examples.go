package barlow

import "math/rand/v2"

// Example is a constructed cross-correlation matrix [d, d] with a name.
type Example struct {
	Name string
	C    [][]float64
}

// Examples returns four matrices [d, d] that explain the loss: the ideal one, one of unrelated
// views, one of redundant features, and one of a network halfway through training. They are the
// same in every call.
func Examples(d int) []Example {
	r := rand.New(rand.NewPCG(1, 2))
	noise := func() float64 { return max(-1, min(1, 0.15*r.NormFloat64())) }
	matrix := func(on float64, off func() float64) (c [][]float64) {
		for i := range d {
			c = append(c, make([]float64, d))
			for j := range d {
				if c[i][j] = on; i != j {
					c[i][j] = off()
				}
			}
		}
		return c
	}
	constant := func(x float64) func() float64 { return func() float64 { return x } }
	return []Example{
		{"ideal", matrix(1, constant(0))},
		{"views share nothing", matrix(0, noise)},
		{"all numbers say the same", matrix(0.95, constant(0.95))},
		{"half learnt", matrix(0.7, noise)},
	}
}
