package attack

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/internal/golden"
)

const few = 20 // number of golden images for comparisons of single attacks

// near fails the test if a pixel differs by more than 1e-5.
func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d pixels, want %d", what, len(got), len(want))
	}
	worst, n := 0.0, 0
	for i := range want {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		worst = max(worst, d)
		if !(d <= 1e-5) {
			n++
		}
	}
	if n > 0 {
		t.Errorf("%s: %d of %d pixels differ by more than 1e-5, by %g at most", what, n, len(want), worst)
	}
}

// nearly fails the test unless all images but one are near, up to a hundredth of their pixels.
// Rounding decides the sign of a gradient close to 0, and whether a loss rises that changes in its
// last bit only.
func nearly(t *testing.T, got, want []float32) {
	t.Helper()
	n := len(want) / few
	off := 0
	for i := range few {
		far := 0
		for j := i * n; j < (i+1)*n; j++ {
			if d := math.Abs(float64(got[j]) - float64(want[j])); !(d <= 1e-5) {
				far++
			}
		}
		if far > n/100 {
			off++
		}
	}
	if off > 1 {
		t.Errorf("%d of %d images differ by more than 1e-5 in more than a hundredth of their pixels", off, few)
	}
}

// TestStepsAreTorchattacks compares the images of FGSM and of PGD without random start, in both
// norms.
func TestStepsAreTorchattacks(t *testing.T) {
	torch := torchSmall(t)
	const eps, alpha = 20. / 255, 0.25
	for _, c := range []struct {
		name string
		norm Norm
		eps  float64
		m    method
	}{
		{"fgsm", LInf, eps, fgsm{}},
		{"pgd", LInf, eps, pgd{steps: 10, step: alpha, restarts: 1}},
		{"pgd_l2", L2, 0.6, pgd{steps: 10, step: alpha, restarts: 1}},
	} {
		got := perturb(t, newSmall(torch), torch, few, float32(c.eps), c.norm, func(q *queries, _ int, p *problem) []float32 { return c.m.on(q, p).x })
		near(t, c.name, got, torch[c.name].Data)
	}
}

// TestAPGDIsItsAuthors compares APGD with the authors' code from the same starts, with all three
// losses and in both norms: the point with the largest loss, that loss, and the robust images.
func TestAPGDIsItsAuthors(t *testing.T) {
	torch := torchSmall(t)
	start := torch["start"].Data
	for _, c := range []struct {
		name string
		norm Norm
		eps  float64
		loss func(i, label int) loss
	}{
		{"apgd_ce_Linf", LInf, 20. / 255, func(_, y int) loss { return crossEntropy(y) }},
		{"apgd_ce_L2", L2, 0.6, func(_, y int) loss { return crossEntropy(y) }},
		{"apgd_dlr_Linf", LInf, 20. / 255, func(_, y int) loss { return dlr(y) }},
		{"apgd_dlr_L2", L2, 0.6, func(_, y int) loss { return dlr(y) }},
		{"apgd_t", LInf, 20. / 255, func(i, y int) loss { return dlrTargeted(y, int(torch["apgd_t/target"].Data[i])) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var values, robust [few]float32
			got := perturb(t, newSmall(torch), torch, few, float32(c.eps), c.norm, func(q *queries, i int, p *problem) []float32 {
				l := c.loss(i, p.label)
				from := slices.Clone(start[i*192:][:192])
				adversarial, highest := apgd{steps: 15, whole: true}.ascend(q, p, l, from)
				values[i] = float32(l(highest.logits, make([]float32, 10)))
				if !p.fooled(adversarial) {
					robust[i] = 1
				}
				return highest.x
			})
			golden.Close(t, "largest losses", values[:], torch[c.name+"/value"].Data, 1e-4)
			if want := torch[c.name+"/robust"].Data; !slices.Equal(robust[:], want) {
				t.Errorf("robust images %v, want %v", robust, want)
			}
			nearly(t, got, torch[c.name+"/highest"].Data)
		})
	}
}

// TestFABIsItsAuthors compares the nearest adversarial images towards the second and the third
// class.
func TestFABIsItsAuthors(t *testing.T) {
	torch := torchSmall(t)
	for _, place := range []int{2, 3} {
		got := perturb(t, newSmall(torch), torch, few, 1, LInf, func(q *queries, _ int, p *problem) []float32 {
			nearest, _ := fab{steps: 20, whole: true}.approach(q, p, targets(p.clean, p.label, 9)[place-2])
			return nearest.x
		})
		near(t, fmt.Sprint("towards class ", place), got, torch[fmt.Sprint("fab/", place)].Data)
	}
}

// TestTheWayToAPlaneIsItsAuthors, for planes that can and can't be reached.
func TestTheWayToAPlaneIsItsAuthors(t *testing.T) {
	torch := torchSmall(t)
	w, b, want := torch["projection/w"].Data, torch["projection/b"].Data, torch["projection/d"].Data
	for i := range few {
		x, g := torch["x"].Data[i*192:][:192], w[i*192:][:192]
		value := -float64(b[i])
		for j := range x {
			value += float64(g[j]) * float64(x[j])
		}
		d, _ := boundary(x, g, value)
		got := make([]float32, len(d))
		for j := range d {
			got[j] = float32(d[j])
		}
		near(t, fmt.Sprint("plane ", i), got, want[i*192:][:192])
	}
}

// TestTheStandardSetIsItsAuthors: robust accuracies of AutoAttack and of Square lie within the
// interval of the authors' code.
func TestTheStandardSetIsItsAuthors(t *testing.T) {
	torch := torchSmall(t)
	for method, name := range map[string]string{"autoattack": "standard", "square": "square"} {
		eps, first := []float64{18. / 255, 24. / 255}, 1 // of the golden file's epsilons
		if method == "square" {
			eps, first = []float64{24. / 255, 36. / 255, 48. / 255}, 0
		}
		r, err := Run(t.Context(), newSmall(torch), bytesOf(torch).First(100), Options{Method: method, Eps: eps, Queries: 300}, Hooks{})
		if err != nil {
			t.Fatal(err)
		}
		for e, at := range r.At {
			want := torch[name].Data[first+e]
			t.Logf("%s at %s: %d of %d withstand, %g in the authors' code", method, Fraction(at.Eps), at.Robust.Hits, at.Robust.Of, want)
			// one image of 100, whose distance to the boundary is within rounding
			tolerance := 1.0
			if method == "square" {
				tolerance = 4
			}
			if math.Abs(float64(at.Robust.Hits)-float64(want)) > tolerance {
				t.Errorf("%s at %s: %d images withstand, %g in the authors' code", method, Fraction(at.Eps), at.Robust.Hits, want)
			}
		}
	}
}
