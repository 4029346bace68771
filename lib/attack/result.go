package attack

import (
	"fmt"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/score"
)

// Result holds the robustness of a classifier against an attack. Shares lie in 0..1.
type Result struct {
	Options Options `json:"options"`
	Images  int     `json:"images"`
	Clean   Share   `json:"clean"` // accuracy without an attack
	At      []At    `json:"at"`    // by epsilon, ascending
	// Area is the mean robust accuracy over epsilon, from 0 (the clean accuracy) to the largest
	// epsilon, by the trapezoidal rule.
	Area     float64   `json:"area"`
	Warnings []Warning `json:"warnings,omitempty"`
	Samples  []Sample  `json:"samples,omitempty"`
	Outcomes []Outcome `json:"outcomes"`
}

// Share is a share of images, with its 95 % Wilson interval.
type Share struct {
	Hits  int            `json:"hits"`
	Of    int            `json:"of"`
	Value float64        `json:"value"`
	Range score.Interval `json:"range_95"`
}

func share(hits, of int) Share {
	s := Share{Hits: hits, Of: of, Range: score.Wilson(hits, of)}
	if of > 0 {
		s.Value = float64(hits) / float64(of)
	}
	return s
}

// At holds the results of one epsilon.
type At struct {
	Eps float64 `json:"eps"`
	// Accuracy is the accuracy on the adversarial images of this epsilon.
	Accuracy Share `json:"accuracy"`
	// Robust is the share of images that no attack with this or a smaller epsilon changed.
	Robust Share `json:"robust"`
	// Classes holds the robust share of the images of each class.
	Classes []Share `json:"classes"`
	// True is the distribution of the probability of the true class on the adversarial images.
	True Spread `json:"true_probability"`
	// After holds the robust accuracy after each of several attacks, in their order.
	After []After `json:"after,omitempty"`
}

// After is the robust accuracy after one of several methods.
type After struct {
	Method string  `json:"method"`
	Robust float64 `json:"robust"`
}

// Spread holds the mean and the quartiles of numbers.
type Spread struct {
	Mean   float64 `json:"mean"`
	Low    float64 `json:"low"`
	Median float64 `json:"median"`
	High   float64 `json:"high"`
}

func summarise(o Options, p *Progress, classes int, warnings []Warning) *Result {
	r := &Result{Options: o, Images: len(p.Outcomes), Outcomes: p.Outcomes, Samples: p.Samples}
	right := 0
	zero := 0
	for _, out := range p.Outcomes {
		if out.right() {
			right++
		}
		if out.Zero {
			zero++
		}
	}
	r.Clean = share(right, r.Images)
	before, last := r.Clean.Value, 0.0
	for e, eps := range o.Eps {
		at := r.at(e, eps, classes)
		r.At = append(r.At, at)
		r.Area += (eps - last) * (before + at.Robust.Value) / 2
		before, last = at.Robust.Value, eps
	}
	r.Area /= last
	r.Warnings = append(warnings, r.resultWarnings(zero)...)
	return r
}

func (r *Result) at(e int, eps float64, classes int) At {
	at := At{Eps: eps}
	var robust, right int
	hits, of := make([]int, classes), make([]int, classes)
	by := map[string]int{}
	var p []float64
	for _, out := range r.Outcomes {
		a := out.At[e]
		of[out.Label]++
		if a.Class == out.Label {
			right++
		}
		if _, fooled := out.Smallest(r.Options.Eps[:e+1]); !fooled {
			robust++
			hits[out.Label]++
		} else if out.right() {
			by[a.By]++
		}
		p = append(p, float64(a.True))
	}
	at.Accuracy, at.Robust = share(right, r.Images), share(robust, r.Images)
	for k := range of {
		at.Classes = append(at.Classes, share(hits[k], of[k]))
	}
	at.True = SpreadOf(p)
	if parts := r.Options.parts(); len(parts) > 1 {
		left := robust
		for _, m := range parts {
			left += by[m]
		}
		for _, m := range parts {
			left -= by[m]
			at.After = append(at.After, After{m, float64(left) / float64(r.Images)})
		}
	}
	return at
}

// Smallest returns the smallest epsilon whose attack changed the answer, or 0 if the clean image is
// already misclassified. fooled is false if no epsilon changed the answer.
func (o Outcome) Smallest(eps []float64) (smallest float64, fooled bool) {
	if !o.right() {
		return 0, true
	}
	for e, x := range eps {
		if o.At[e].Class != o.Label {
			return x, true
		}
	}
	return 0, false
}

// SpreadOf sorts numbers [n] and returns their mean and quartiles: the elements at a quarter, half
// and three quarters of the order.
func SpreadOf(x []float64) (s Spread) {
	for _, v := range x {
		s.Mean += v / float64(len(x))
	}
	slices.Sort(x)
	at := func(share float64) float64 { return x[int(share*float64(len(x)-1)+0.5)] }
	s.Low, s.Median, s.High = at(0.25), at(0.5), at(0.75)
	return s
}

// String returns the result as a table with a line for each epsilon.
func (r *Result) String() string {
	var t strings.Builder
	fmt.Fprintf(&t, "%s, %s, %d images, clean accuracy %s\n", r.Options.Method, r.Options.Norm, r.Images, r.Clean)
	fmt.Fprintf(&t, "%-10s  %-28s  %-28s  %s\n", "epsilon", "accuracy (95 %)", "robust (95 %)", "probability of the true class")
	for _, at := range r.At {
		fmt.Fprintf(&t, "%-10s  %-28s  %-28s  %.3f\n", Fraction(at.Eps), at.Accuracy, at.Robust, at.True.Mean)
	}
	fmt.Fprintf(&t, "area under the robust accuracy %.4f\n", r.Area)
	for _, w := range r.Warnings {
		fmt.Fprintf(&t, "warning: %s\n", w.Text)
	}
	return t.String()
}

// String returns the share in percent with its interval.
func (s Share) String() string {
	return fmt.Sprintf("%.2f %% (%.2f to %.2f)", 100*s.Value, 100*s.Range.Low, 100*s.Range.High)
}

// Fraction formats an epsilon: as k/255 if k is an integer, else as a decimal.
func Fraction(eps float64) string {
	for k := 1; k <= 255; k++ {
		if x := float64(k) / 255; eps > x*(1-1e-9) && eps < x*(1+1e-9) {
			return fmt.Sprintf("%d/255", k)
		}
	}
	return fmt.Sprintf("%.4g", eps)
}

// ParseEps is the inverse of Fraction. It returns an error unless the text is a positive number or
// fraction.
func ParseEps(text string) (float64, error) {
	var x, of float64
	text = strings.TrimSpace(text)
	if n, err := fmt.Sscanf(text+"\n", "%g/%g\n", &x, &of); err == nil && n == 2 {
		x /= of
	} else if n, err := fmt.Sscanf(text+"\n", "%g\n", &x); err != nil || n != 1 {
		return 0, fmt.Errorf("%q is no epsilon: give a number or a fraction such as 8/255", text)
	}
	if !(x > 0) || x > 1e6 {
		return 0, fmt.Errorf("%q is no epsilon: give more than 0", text)
	}
	return x, nil
}
