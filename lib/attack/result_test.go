package attack

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/data/images"
)

// TestTheSummaryIsWorkedOutByHand, for four images, two epsilons and two attacks.
func TestTheSummaryIsWorkedOutByHand(t *testing.T) {
	right := func(p float32) Answer { return Answer{Class: 0, True: p} }
	wrong := func(by string) Answer { return Answer{Class: 1, True: 0.2, By: by} }
	p := &Progress{Outcomes: []Outcome{
		{Label: 0, Clean: right(0.9), At: []Answer{right(0.8), right(0.6)}},
		{Label: 0, Clean: right(0.9), At: []Answer{right(0.8), wrong("apgd-dlr")}},
		// the larger epsilon misses the adversarial image of the smaller one, but the image is not
		// robust
		{Label: 0, Clean: right(0.9), At: []Answer{wrong("apgd-ce"), right(0.4)}},
		{Label: 1, Clean: Answer{Class: 0, True: 0.1}, At: []Answer{{Class: 0, True: 0.1}, {Class: 0, True: 0.1}}},
	}}
	r := summarise(Options{Method: "apgd", Norm: "linf", Eps: []float64{0.1, 0.2}}, p, 2, nil)
	got := fmt.Sprint(r.Clean.Hits, r.At[0].Robust.Hits, r.At[0].Accuracy.Hits, r.At[1].Robust.Hits, r.At[1].Accuracy.Hits)
	if want := "3 2 2 1 2"; got != want {
		t.Errorf("clean, robust and right at 0.1, robust and right at 0.2: %s, want %s", got, want)
	}
	// trapezoids: 0.1 (3/4 + 2/4)/2 + 0.1 (2/4 + 1/4)/2 = 0.1, divided by 0.2
	if math.Abs(r.Area-0.5) > 1e-15 {
		t.Errorf("area %g, want 0.5", r.Area)
	}
	if got, want := fmt.Sprint(r.At[1].After), "[{apgd-ce 0.5} {apgd-dlr 0.25}]"; got != want {
		t.Errorf("after each attack %s, want %s", got, want)
	}
	if c := r.At[1].Classes; c[0].Hits != 1 || c[0].Of != 3 || c[1].Hits != 0 || c[1].Of != 1 {
		t.Errorf("classes %v", c)
	}
	if s := r.At[0].True; math.Abs(s.Mean-(0.8+0.8+0.2+0.1)/4) > 1e-7 || s.Median != float64(float32(0.8)) {
		t.Errorf("probabilities %+v", s)
	}
	for i, want := range []string{"0 false", "0.2 true", "0.1 true", "0 true"} {
		if eps, fooled := r.Outcomes[i].Smallest(r.Options.Eps); fmt.Sprint(eps, fooled) != want {
			t.Errorf("image %d: smallest epsilon %g %t, want %s", i, eps, fooled, want)
		}
	}
}

// TestEpsilonsAreReadAsTheyAreWritten.
func TestEpsilonsAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]float64{"8/255": 8. / 255, "0.3": 0.3, " 1/255 ": 1. / 255, "255/255": 1} {
		got, err := ParseEps(text)
		if err != nil || got != want {
			t.Errorf("%q is %g (%v), want %g", text, got, err, want)
		}
		if back, err := ParseEps(Fraction(got)); err != nil || math.Abs(back-got) > 1e-9 {
			t.Errorf("%q is written as %q", text, Fraction(got))
		}
	}
	for _, text := range []string{"", "x", "0", "-1/255", "1/0", "8/255/2", "8 255", "NaN"} {
		if got, err := ParseEps(text); err == nil {
			t.Errorf("%q is read as %g", text, got)
		}
	}
}

// TestOptionsNameTheFault.
func TestOptionsNameTheFault(t *testing.T) {
	for _, c := range []struct {
		o       Options
		classes int
		want    string
	}{
		{Options{Method: "magic", Eps: someEps}, 10, `unknown attack "magic"`},
		{Options{Method: "fgsm"}, 10, "epsilon is missing"},
		{Options{Method: "fgsm", Eps: []float64{2}}, 10, "epsilon is 2"},
		{Options{Method: "fgsm", Eps: []float64{math.NaN()}}, 10, "epsilon is NaN"},
		{Options{Method: "fgsm", Norm: "l1", Eps: someEps}, 10, `unknown norm "l1"`},
		{Options{Method: "autoattack", Norm: "l2", Eps: someEps}, 10, "supports linf only"},
		{Options{Method: "apgd-t", Eps: someEps}, 3, "4 classes"},
		{Options{Method: "pgd", Eps: someEps, Steps: -1}, 10, "negative"},
	} {
		if _, err := c.o.Complete(c.classes); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want it to hold %q", c.o, err, c.want)
		}
	}
	torch := torchSmall(t)
	im := bytesOf(torch)
	for _, c := range []struct {
		im   images.Images
		want string
	}{{im.First(0), "no images"}, {images.Images{N: 1, Height: 8, Width: 8, Channels: 1}, "1x8x8"}} {
		if _, err := Run(t.Context(), newSmall(torch), c.im, Options{Method: "fgsm", Eps: someEps}, Hooks{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want it to hold %q", err, c.want)
		}
	}
}
