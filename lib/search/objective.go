package search

import (
	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/barlow"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/supernet"
)

// objective is the loss of both levels, the slides' mixed loss with f = ss_factor:
//
//	L = f * scale * L_BT + (1 - f) * L_CE
//
// L_BT compares two distorted views of the batch (package barlow). They pass through the network
// one after the other, with the same weights. L_CE is the mean of the cross-entropies of both
// views. With f = 0 there is one view with the usual augmentation, as in a search without
// self-supervision. With f = 1 only the classifier learns from labels: it is a probe whose gradient
// does not reach the features. The reported accuracy is the probe's.
type objective struct {
	factor, scale float64
	pair          bool // two views even with factor 0
	crossEntropy  *block.Block
	projector     *block.Block // nil with factor 0, like twins
	twins         *block.Block
	// counts correct predictions on the device; nil if the host counts them
	right *block.Block
}

// projectorLabel labels the weights of the projector.
const projectorLabel = "projector"

// newObjective returns the objective of the settings for networks of this backbone.
func newObjective(e *block.Engine, s settings.Search, w backbone.Backbone) objective {
	o := objective{factor: s.SSFactor, scale: s.SSScale, pair: s.TwoViews, crossEntropy: fit.CrossEntropy(w.Classes, w.Batch), right: fit.CountCorrectOn(e, w.Classes, w.Batch)}
	if o.factor > 0 {
		sizes, err := s.Sizes()
		if err != nil {
			panic(err) // Validate has parsed them
		}
		o.projector = barlow.Projector(w.Features(s.Space().States), sizes, w.Batch)
		o.twins = barlow.Loss(sizes[len(sizes)-1], w.Batch, settings.Lambda)
	}
	return o
}

// views returns the number of views of a batch.
func (o objective) views() int {
	if o.factor > 0 || o.pair {
		return 2
	}
	return 1
}

// terms are the results of a pass: for each view the cross-entropy and the logits, and the Barlow
// Twins loss of the views (nil with factor 0).
type terms struct {
	crossEntropy, logits []*block.Value
	// numbers of correct predictions; empty if the host counts them
	right []*block.Value
	twins *block.Value
}

// forward makes the calls of one pass on the images of the views [c, h, h, b] and their labels [b].
func (o objective) forward(r block.Runner, net *supernet.Network, m *supernet.Mixing, views []*block.Value, labels *block.Value) (t terms) {
	var embeddings []*block.Value
	for _, images := range views {
		out := net.Run(r, images, m)
		t.logits = append(t.logits, out.Logits)
		t.crossEntropy = append(t.crossEntropy, r.Call("", o.crossEntropy, []*block.Value{out.Logits, labels}, nil)[0])
		if o.right != nil {
			t.right = append(t.right, r.Call("", o.right, []*block.Value{out.Logits, labels}, nil)[0])
		}
		if o.projector != nil {
			embeddings = append(embeddings, r.Call(projectorLabel, o.projector, []*block.Value{out.Features}, nil)[0])
		}
	}
	if o.twins != nil {
		t.twins = r.Call("", o.twins, embeddings, nil)[0]
	}
	return t
}

// seed starts the backward pass of the weighted sum of the two terms.
func (t terms) seed(tape *block.Tape, crossEntropy, twins float64) {
	for _, v := range t.crossEntropy {
		if crossEntropy != 0 {
			tape.Seed(v, float32(crossEntropy/float64(len(t.crossEntropy))))
		}
	}
	if t.twins != nil && twins != 0 {
		tape.Seed(t.twins, float32(twins))
	}
}

// mixed reports whether both terms have a positive factor.
func (o objective) mixed() bool { return o.factor > 0 && o.factor < 1 }

// factors returns the factors of the two terms in the gradient. balance multiplies the second. The
// cross-entropy of a probe has factor 1, because only the classifier receives its gradient.
func (o objective) factors(balance float64) (crossEntropy, twins float64) {
	if o.factor == 1 {
		return 1, o.scale
	}
	return 1 - o.factor, o.factor * o.scale * balance
}

// read returns a result with the values of the terms, which may still be in transit. The loss in it
// has this factor of the second term.
func (o objective) read(t terms, labels *block.Value, twins float64) later {
	images := labels.Images()
	losses, right := fit.Read(t.crossEntropy...), fit.Read(t.right...)
	if o.right == nil {
		var counted []float64
		for _, logits := range t.logits {
			counted = append(counted, fit.CountCorrect(logits, labels))
		}
		right = func() []float64 { return counted }
	}
	var bt func() []float64
	if t.twins != nil {
		bt = fit.Read(t.twins)
	}
	return func() (r result) {
		n := float64(len(t.logits))
		counts := right()
		for i, loss := range losses() {
			r.crossEntropy += loss / n
			r.accuracy += counts[i] / float64(images) / n
		}
		r.loss = r.crossEntropy
		if bt != nil {
			r.twins = bt()[0]
			r.loss = twins*r.twins + (1-o.factor)*r.crossEntropy
		}
		return r
	}
}
