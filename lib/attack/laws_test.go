package attack

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// attacked returns the result of an attack on the first n golden images.
func attacked(t *testing.T, c Classifier, n int, o Options) *Result {
	t.Helper()
	r, err := Run(t.Context(), c, bytesOf(torchSmall(t)).First(n), o, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var someEps = []float64{6. / 255, 12. / 255, 18. / 255, 24. / 255}

// TestAStrongerAttackNeverLeavesHigherAccuracy, for every epsilon.
func TestAStrongerAttackNeverLeavesHigherAccuracy(t *testing.T) {
	c := newSmall(torchSmall(t))
	var before *Result
	for _, o := range []Options{{Method: "fgsm"}, {Method: "pgd", Steps: 20}, {Method: "apgd", Steps: 40}, {Method: "autoattack", Steps: 40, Queries: 20}} {
		o.Eps = someEps[2:]
		r := attacked(t, c, 60, o)
		for e := range r.At {
			if before != nil && r.At[e].Robust.Hits > before.At[e].Robust.Hits {
				t.Errorf("%s leaves %d images at %s, %s left %d", o.Method, r.At[e].Robust.Hits, Fraction(r.At[e].Eps), before.Options.Method, before.At[e].Robust.Hits)
			}
		}
		before = r
	}
}

// TestRobustAccuracyFallsWithEpsilonToNothing, in both norms.
func TestRobustAccuracyFallsWithEpsilonToNothing(t *testing.T) {
	for _, o := range []Options{
		{Method: "fgsm", Eps: []float64{0.01, 0.05, 0.1, 0.3}}, {Method: "pgd", Eps: []float64{0.01, 0.05, 0.1, 0.3}},
		{Method: "fgsm", Norm: "l2", Eps: []float64{0.1, 0.5, 1, 3}}, {Method: "pgd", Norm: "l2", Eps: []float64{0.1, 0.5, 1, 3}},
		{Method: "apgd", Eps: []float64{0.01, 0.05, 0.1, 0.3}}, {Method: "apgd-t", Norm: "l2", Eps: []float64{0.1, 0.5, 1, 3}},
	} {
		r := attacked(t, newSmall(torchSmall(t)), 40, o)
		last := r.Clean.Hits
		for _, at := range r.At {
			if at.Robust.Hits > last {
				t.Errorf("%s %s: %d images withstand %g, %d a smaller one", o.Method, o.Norm, at.Robust.Hits, at.Eps, last)
			}
			last = at.Robust.Hits
		}
		if last != 0 || r.At[0].Robust.Hits == 0 {
			t.Errorf("%s %s: %d images withstand the smallest epsilon, %d the largest", o.Method, o.Norm, r.At[0].Robust.Hits, last)
		}
	}
}

// transferred is a classifier with the gradients of another one.
type transferred struct{ *small }

func (c transferred) Gradient(x []float32, f func([]float32) []float32) ([]float32, error) {
	other := *c.small
	r := rand.New(rand.NewPCG(1, 2))
	other.a, other.b = slices.Clone(other.a), slices.Clone(other.b)
	for _, w := range [][]float32{other.a, other.b} {
		for i := range w {
			w[i] += 0.15 * float32(r.NormFloat64())
		}
	}
	return other.Gradient(x, f)
}

// TestAWhiteBoxBeatsTransfer: gradients of another network find fewer adversarial images.
func TestAWhiteBoxBeatsTransfer(t *testing.T) {
	c := newSmall(torchSmall(t))
	for _, method := range []string{"fgsm", "pgd"} {
		o := Options{Method: method, Eps: someEps}
		white, transfer := attacked(t, c, 100, o), attacked(t, transferred{c}, 100, o)
		if white.Area >= transfer.Area {
			t.Errorf("%s: area %g with the network's own gradients, %g with another's", method, white.Area, transfer.Area)
		}
	}
}

// TestSureNetworksDoNotHide: with logits a thousand times as large, the gradient of the
// cross-entropy vanishes, and a warning says so. The difference of logits ratio finds the missed
// images.
func TestSureNetworksDoNotHide(t *testing.T) {
	c := newSmall(torchSmall(t))
	sure := *c
	sure.scale = 1000
	o := Options{Eps: []float64{24. / 255}, Steps: 30}
	robust := func(c Classifier, method string) (int, []Warning) {
		o.Method = method
		r := attacked(t, c, 60, o)
		return r.At[0].Robust.Hits, r.Warnings
	}
	missed, warnings := robust(&sure, "apgd-ce")
	found, none := robust(&sure, "apgd-dlr")
	without, _ := robust(c, "apgd-dlr")
	if found != without {
		t.Errorf("with apgd-dlr %d images withstand, %d with smaller logits", found, without)
	}
	if missed < found+20 {
		t.Errorf("with apgd-ce %d images withstand, %d with apgd-dlr: the cross-entropy's gradient should vanish", missed, found)
	}
	if !warned(warnings, "gradients") || len(none) > 0 {
		t.Errorf("warnings %v for apgd-ce and %v for apgd-dlr", warnings, none)
	}
}

func warned(all []Warning, flag string) bool {
	return slices.ContainsFunc(all, func(w Warning) bool { return w.Flag == flag })
}

// TestWarningsOfTheFlagsPage: each of five classifiers causes its own warning, and an honest one
// none.
func TestWarningsOfTheFlagsPage(t *testing.T) {
	torch := torchSmall(t)
	for flag, change := range map[string]func(c *small){
		"":           func(*small) {},
		"randomness": func(c *small) { c.noise = 0.01 },
		"softmax":    func(c *small) { c.softmax = true },
		"inference":  func(c *small) { c.inside = true },
		"gradients":  func(c *small) { c.scale = 0 },
	} {
		c := newSmall(torch)
		change(c)
		r := attacked(t, c, 40, Options{Method: "fgsm", Eps: someEps[:1]})
		var flags []string
		for _, w := range r.Warnings {
			flags = append(flags, w.Flag)
		}
		if want := strings.Fields(flag); !slices.Equal(flags, want) {
			t.Errorf("flags %q, want %q", flags, want)
		}
	}
	r := attacked(t, hiding{newSmall(torch)}, 40, Options{Method: "autoattack", Eps: []float64{60. / 255}, Steps: 5, Queries: 300})
	if !warned(r.Warnings, "square") || !warned(r.Warnings, "gradients") {
		t.Errorf("a classifier without gradients, which Square beats, raises %v; robust %v", r.Warnings, r.At[0].After)
	}
}

// hiding is a classifier with gradients of 0.
type hiding struct{ *small }

func (c hiding) Gradient(x []float32, f func([]float32) []float32) ([]float32, error) {
	_, err := c.small.Gradient(x, f)
	return make([]float32, len(x)), err
}

// TestAdversarialImagesLieInTheBall: for every method, and with pixels in 0..1.
func TestAdversarialImagesLieInTheBall(t *testing.T) {
	torch := torchSmall(t)
	im := bytesOf(torch)
	for _, name := range Methods() {
		for norm, eps := range map[Norm]float64{LInf: 0.1, L2: 0.8} {
			o, err := Options{Method: name, Norm: norm.String(), Eps: []float64{eps}, Steps: 10, Queries: 20, Restarts: 2, Targets: 2}.Complete(10)
			if err != nil {
				continue // has no L2 form
			}
			for _, m := range o.methods() {
				moved := false
				got := perturb(t, newSmall(torch), torch, 12, float32(eps), norm, func(q *queries, _ int, p *problem) []float32 { return m.on(q, p).x })
				for i := range 12 {
					x, y := Pixels(im, i), got[i*192:][:192]
					d := norm.Distance(x, y)
					if d > eps*(1+1e-5) {
						t.Errorf("%s %s: image %d changes by %g, more than %g", m.name(), norm, i, d, eps)
					}
					moved = moved || d > eps/2
					if slices.Min(y) < 0 || slices.Max(y) > 1 {
						t.Errorf("%s %s: image %d has pixels %g to %g", m.name(), norm, i, slices.Min(y), slices.Max(y))
					}
				}
				if !moved {
					t.Errorf("%s %s changes no image by half of epsilon", m.name(), norm)
				}
			}
		}
	}
}

// TestAnImagesOutcomeDependsOnNoOther: other batch sizes and an interruption give the same result.
func TestAnImagesOutcomeDependsOnNoOther(t *testing.T) {
	torch := torchSmall(t)
	im := bytesOf(torch)
	// twice the images, so that a run saves in between
	im.N, im.Pixels, im.Labels = 2*im.N, append(im.Pixels, im.Pixels...), append(im.Labels, im.Labels...)
	o := Options{Method: "apgd", Eps: someEps[1:3], Steps: 10, Restarts: 2, Seed: 5}
	want, err := Run(t.Context(), newSmall(torch), im, o, Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	narrow := newSmall(torch)
	narrow.batch = 7
	got, err := Run(t.Context(), narrow, im, o, Hooks{})
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("batches of 7 give another result than batches of 32 (%v)", err)
	}
	var saved *Progress
	interrupted := errors.New("interrupted")
	if _, err := Run(t.Context(), newSmall(torch), im, o, Hooks{Save: func(p *Progress) error {
		saved = &Progress{Outcomes: slices.Clone(p.Outcomes), Samples: slices.Clone(p.Samples)}
		return interrupted
	}}); !errors.Is(err, interrupted) {
		t.Fatalf("the run ends with %v", err)
	}
	if n := len(saved.Outcomes); n == 0 || n == im.N {
		t.Fatalf("%d of %d images were saved", n, im.N)
	}
	calls := 0
	got, err = Run(t.Context(), newSmall(torch), im, o, Hooks{Begin: saved, Report: func(done, total int) { calls++ }})
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("a continued run ends in another result (%v)", err)
	}
	if calls != 1 {
		t.Errorf("%d reports, want 1 for the remaining images", calls)
	}
	o.Seed++
	other, err := Run(t.Context(), newSmall(torch), im, o, Hooks{})
	if err != nil || reflect.DeepEqual(other.Outcomes, want.Outcomes) {
		t.Errorf("another seed gives the same outcomes (%v)", err)
	}
}

// TestARunEndsWithItsContext, and with the classifier's error.
func TestARunEndsWithItsContext(t *testing.T) {
	torch := torchSmall(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, newSmall(torch), bytesOf(torch), Options{Method: "pgd", Eps: someEps}, Hooks{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := Run(t.Context(), broken{newSmall(torch)}, bytesOf(torch), Options{Method: "pgd", Eps: someEps}, Hooks{}); err == nil || err.Error() != "no device" {
		t.Errorf("error %v", err)
	}
}

type broken struct{ *small }

func (broken) Gradient([]float32, func([]float32) []float32) ([]float32, error) {
	return nil, errors.New("no device")
}
