package search

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/block"
	"gonum.org/v1/gonum/mat"
)

// rotated returns a symmetric matrix with these eigenvalues.
func rotated(values []float64, r *rand.Rand) *mat.SymDense {
	n := len(values)
	random := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			random.Set(i, j, r.NormFloat64())
		}
	}
	var qr mat.QR
	qr.Factorize(random)
	var q, scaled, product mat.Dense
	qr.QTo(&q)
	scaled.Mul(&q, mat.NewDiagDense(n, values))
	product.Mul(&scaled, q.T())
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			s.SetSym(i, j, (product.At(i, j)+product.At(j, i))/2)
		}
	}
	return s
}

func TestTheLargestEigenvalueOfAQuadratic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	many := make([]float64, 200)
	for i := range many {
		many[i] = math.Sin(float64(i)) // a dense spectrum from -1 to 1
	}
	many[77] = 3
	for name, c := range map[string]struct {
		values []float64
		want   float64
	}{
		"positive":                         {[]float64{5, 1, 0.5, 0.1}, 5},
		"where a negative one is stronger": {[]float64{-9, 2, 1, 0, -3}, 2},
		"negative all":                     {[]float64{-1, -2, -7}, -1},
		"of many":                          {many, 3},
		"twice":                            {[]float64{4, 4, 1}, 4},
		"zero":                             {[]float64{0, 0, 0}, 0},
		"of one number":                    {[]float64{-2}, -2},
	} {
		m := rotated(c.values, r)
		products := 0
		got, err := largestEigenvalue(len(c.values), func(v []float64) ([]float64, error) {
			products++
			var hv mat.VecDense
			hv.MulVec(m, mat.NewVecDense(len(v), append([]float64{}, v...)))
			return hv.RawVector().Data, nil
		}, r)
		if err != nil || math.Abs(got-c.want) > 0.01*math.Abs(c.want)+1e-12 || products > hessianIterations {
			t.Errorf("%s: got %g after %d products (%v), want %g", name, got, products, err, c.want)
		}
	}
}

// Without ReLUs and maxima the loss is smooth, and differences give the Hessian entry by entry.
// This holds for the edges into the last state of the last cell if no other operation reads this
// state's counterpart in the previous cell.
func TestTheEigenvalueIsTheDenseHessians(t *testing.T) {
	s := tiny("")
	s.Cells, s.Partial = 3, 1
	search := begin(t, crops(t), s)
	for _, p := range search.Params {
		p.Update(func(w, _ []float32) {
			switch p.Label {
			case "cell2/pre1": // [out, states x channels]
				for i := range w {
					if in := i % (4 * 2 * 4); in >= 3*2*4 {
						w[i] = 0
					}
				}
			case backbone.ClassifierLabel:
				for i := range w {
					w[i] *= 10
				}
			}
		})
	}
	const from, to, h = (14 + 9) * 8, 28 * 8, 0.05
	before := search.arch.Flat()
	var got float64
	if err := search.withHessian(t.Context(), from, to, func(product func(v []float64) ([]float64, error)) (err error) {
		got, err = largestEigenvalue(to-from, product, rand.New(rand.NewPCG(1, 1)))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for i, a := range search.arch.Flat() {
		if a != before[i] {
			t.Fatalf("alpha %d was %g and is %g", i, before[i], a)
		}
	}
	dense := mat.NewSymDense(to-from, nil)
	err := search.batch(ofArchitecture, 0, 0, func(x []*block.Value, y *block.Value) error {
		gradient := func(i int, h float32) []float32 {
			flat := append([]float32{}, before...)
			flat[i] += h
			search.arch.SetFlat(flat)
			search.arch.Update(search.mixing)
			if _, err := search.pass(x, y, 1, 0, false); err != nil {
				t.Fatal(err)
			}
			return search.arch.Gradient(search.mixing)
		}
		for i := from; i < to; i++ {
			up, down := gradient(i, h), gradient(i, -h)
			for j := from; j <= i; j++ {
				dense.SetSym(i-from, j-from, float64(up[j]-down[j])/(2*h))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var e mat.EigenSym
	if !e.Factorize(dense, false) {
		t.Fatal("no eigenvalues")
	}
	values := e.Values(nil)
	if want := values[len(values)-1]; !(want > 0) || math.Abs(got-want) > 0.05*want {
		t.Errorf("got %g, want %g, of %g to %g", got, want, values[0], values[len(values)-2])
	}
}
