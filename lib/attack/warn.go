package attack

import (
	"fmt"
	"math"
)

// Warning is a sign of a misleading evaluation, from the flags page of fra31/auto-attack.
type Warning struct {
	Flag string `json:"flag"` // randomness, softmax, gradients, square, inference
	Text string `json:"text"`
}

// dynamic is a classifier that counts its backward passes.
type dynamic interface{ Backwards() int }

const (
	repeats       = 5     // runs of one batch
	randomLogits  = 1e-4  // largest difference of normalised logits
	nearlyOne     = 1e-5  // tolerance of a sum of probabilities
	squareSurplus = 0.002 // difference of robust accuracies
)

// warnings returns the warnings from a batch of clean images.
func (w *work) warnings() (all []Warning, err error) {
	n := min(w.c.Batch(), w.images.N)
	x := make([]float32, w.c.Batch()*size(w.c))
	for i := range n {
		copy(x[i*size(w.c):], Pixels(w.images, i))
	}
	before := 0
	d, counts := w.c.(dynamic)
	if counts {
		before = d.Backwards()
	}
	var runs [repeats][]float32
	for i := range runs {
		if runs[i], err = w.c.Logits(x); err != nil {
			return nil, err
		}
	}
	classes := w.c.Classes()
	if counts && d.Backwards() > before {
		all = append(all, Warning{"inference", "the classifier computes gradients when it classifies: it optimises at inference, and attacks on one pass of it may fail; it needs an adaptive attack"})
	}
	if vary(runs[:], n, classes) {
		all = append(all, Warning{"randomness", "the classifier answers differently to the same images: gradients of one pass mislead; average over several passes (expectation over transformation)"})
	}
	if probabilities(runs[0][:n*classes], classes) {
		all = append(all, Warning{"softmax", "the classifier's outputs are probabilities, not logits: their gradients vanish where it is sure; attack the logits"})
	}
	return all, nil
}

// vary reports whether predictions or normalised logits of n images differ between runs.
func vary(runs [][]float32, n, classes int) bool {
	for i := range n {
		row := func(r int) []float32 { return runs[r][i*classes:][:classes] }
		for a := range runs {
			for b := range a {
				x, y := row(a), row(b)
				if best(x) != best(y) {
					return true
				}
				lx, ly, d := L2.length(x)+1e-10, L2.length(y)+1e-10, 0.0
				for k := range x {
					e := float64(x[k])/lx - float64(y[k])/ly
					d += e * e
				}
				if math.Sqrt(d) > randomLogits {
					return true
				}
			}
		}
	}
	return false
}

// probabilities reports whether all rows are probability distributions.
func probabilities(z []float32, classes int) bool {
	for i := 0; i < len(z); i += classes {
		sum := 0.0
		for _, p := range z[i:][:classes] {
			if p < -nearlyOne || p > 1+nearlyOne {
				return false
			}
			sum += float64(p)
		}
		if math.Abs(sum-1) > nearlyOne {
			return false
		}
	}
	return true
}

// resultWarnings returns the warnings from the result.
func (r *Result) resultWarnings(zero int) (all []Warning) {
	if zero > 0 {
		all = append(all, Warning{"gradients", fmt.Sprintf("the first gradient of %d of %d images is 0 in every pixel: the attack stands still there; the logits may be too large for the cross-entropy (try apgd-dlr), or a layer hides the gradient (try square)", zero, r.Images)})
	}
	for _, at := range r.At {
		n := len(at.After)
		if n > 1 && at.After[n-1].Method == "square" && at.After[n-1].Robust < at.After[n-2].Robust-squareSurplus {
			all = append(all, Warning{"square", fmt.Sprintf("at epsilon %.4g square, which sees no gradients, lowers the robust accuracy from %.2f to %.2f %%: the network may hide its gradients; give it more queries, or adapt the attack", at.Eps, 100*at.After[n-2].Robust, 100*at.After[n-1].Robust)})
		}
	}
	return all
}
