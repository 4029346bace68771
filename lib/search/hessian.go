package search

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

const (
	// length of the steps in the alphas, to both sides, for differences of gradients
	hessianStep       = 0.05
	hessianIterations = 20
	hessianTolerance  = 0.01 // relative change from one iteration to the next
)

// eigenvalue returns the largest eigenvalue of the Hessian of the validation loss (the objective on
// the architecture's half) with respect to the alphas. It grows before a search collapses
// (arXiv:1909.09656). The batch is the same in every epoch, so that epochs are comparable. Dropout
// is off.
func (t *Search) eigenvalue(ctx context.Context) (float64, error) {
	n := len(t.arch.Flat())
	if t.arch.Partial {
		n -= len(t.arch.Beta[0]) + len(t.arch.Beta[1]) // the betas come last
	}
	var largest float64
	err := t.withHessian(ctx, 0, n, func(product func(v []float64) ([]float64, error)) (err error) {
		largest, err = largestEigenvalue(n, product, fit.Random(t.settings.Seed, "hessian", 0, 0))
		return err
	})
	return largest, err
}

// withHessian calls f with a function that multiplies the Hessian of the alphas [from, to) by a
// vector of length 1. The product is the difference of two gradients, one step to each side.
// Afterwards curve restores alphas and betas.
func (t *Search) withHessian(ctx context.Context, from, to int, f func(product func(v []float64) ([]float64, error)) error) error {
	t.dropAt(0, 0, 0, 0)
	t.syncHost()
	flat := t.arch.Flat()
	set := func(flat []float32) {
		t.arch.SetFlat(flat)
		t.updateMixing()
	}
	defer set(flat)
	moved := make([]float32, len(flat))
	return t.batch(ofArchitecture, 0, 0, func(x []*block.Value, y *block.Value) error {
		gradient := func(v []float64, step float64) ([]float32, error) {
			copy(moved, flat)
			for i := range v {
				moved[from+i] += float32(step * v[i])
			}
			set(moved)
			ce, bt := t.objective.factors(t.balance[ofArchitecture])
			read, err := t.pass(x, y, ce, bt, false)
			if err != nil {
				return nil, err
			}
			read() // frees the value
			return t.arch.Gradient(t.mixing), nil
		}
		return f(func(v []float64) ([]float64, error) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			up, err := gradient(v, hessianStep)
			if err != nil {
				return nil, err
			}
			down, err := gradient(v, -hessianStep)
			if err != nil {
				return nil, err
			}
			hv := make([]float64, to-from)
			for i := range hv {
				hv[i] = (float64(up[from+i]) - float64(down[from+i])) / (2 * hessianStep)
			}
			return hv, nil
		})
	})
}

// largestEigenvalue returns the largest eigenvalue of a symmetric n x n matrix, given only its
// products with vectors of length 1, by the method of Lanczos (1950), a power iteration with
// memory. It ends when the estimate changes by less than 1 % twice, or after 20 products.
func largestEigenvalue(n int, product func(v []float64) ([]float64, error), r *rand.Rand) (float64, error) {
	v := make([]float64, n)
	for i := range v {
		v[i] = r.NormFloat64()
	}
	floats.Scale(1/floats.Norm(v, 2), v)
	var basis [][]float64
	var diagonal, beside []float64
	largest, still := math.Inf(1), 0
	for len(basis) < min(n, hessianIterations) {
		w, err := product(v)
		if err != nil {
			return 0, err
		}
		basis, diagonal = append(basis, v), append(diagonal, floats.Dot(v, w))
		before := largest
		largest = tridiagonal(diagonal, beside)
		if math.Abs(largest-before) > hessianTolerance*math.Abs(largest) {
			still = 0
		} else if still++; still == 2 {
			break
		}
		for range 2 { // orthogonalising twice suffices (Parlett)
			for _, b := range basis {
				floats.AddScaled(w, -floats.Dot(b, w), b)
			}
		}
		rest := floats.Norm(w, 2)
		if rest <= 1e-9*math.Abs(largest) {
			break // the vectors so far span an invariant space
		}
		floats.Scale(1/rest, w)
		beside, v = append(beside, rest), w
	}
	return largest, nil
}

// tridiagonal returns the largest eigenvalue of a symmetric tridiagonal matrix.
func tridiagonal(diagonal, beside []float64) float64 {
	n := len(diagonal)
	m := mat.NewSymDense(n, nil)
	for i, d := range diagonal {
		m.SetSym(i, i, d)
		if i+1 < n {
			m.SetSym(i, i+1, beside[i])
		}
	}
	var e mat.EigenSym
	if !e.Factorize(m, false) {
		return math.NaN()
	}
	return floats.Max(e.Values(nil))
}
