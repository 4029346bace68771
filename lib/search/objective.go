package search

import (
	"github.com/essnas/essnas/lib/barlow"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/supernet"
	"github.com/essnas/essnas/lib/wiring"
)

// objective is what both levels of a search minimise, the slides' mixed loss with f = ss_factor:
//
//	L = f * scale * L_BT + (1 - f) * L_CE
//
// L_BT compares two distorted views of the batch (package barlow), which go through the network one after the other with
// the same weights; L_CE is the mean of the two views' cross-entropies. With f = 0 there is one view, augmented as
// usual, and plain search. With f = 1 only the classifier learns from labels: it probes the features, without a gradient to
// them, and the accuracy is that of this probe.
type objective struct {
	factor, scale float64
	crossEntropy  *block.Block
	projector     *block.Block // nil with factor 0, like twins
	twins         *block.Block
	right         *block.Block // counts right answers on the device; nil where the host counts them
}

// projectorLabel names the projector's weights.
const projectorLabel = "projector"

// newObjective is the settings' objective for networks of this wiring.
func newObjective(e *block.Engine, s settings.Search, w wiring.Wiring) objective {
	o := objective{factor: s.SSFactor, scale: s.SSScale, crossEntropy: fit.CrossEntropy(w.Classes, w.Batch), right: fit.RightOn(e, w.Classes, w.Batch)}
	if o.factor > 0 {
		sizes, err := s.Sizes()
		if err != nil {
			panic(err) // Validate has read them
		}
		o.projector = barlow.Projector(w.Features(), sizes, w.Batch)
		o.twins = barlow.Loss(sizes[len(sizes)-1], w.Batch, barlow.Lambda)
	}
	return o
}

// views is how many views of a batch the objective takes.
func (o objective) views() int {
	if o.factor > 0 {
		return 2
	}
	return 1
}

// terms are what a pass computes: for each view the cross-entropy and the logits, and the views' Barlow Twins loss (nil with factor 0).
type terms struct {
	crossEntropy, logits []*block.Value
	right                []*block.Value // how many answers are; none where the host counts them
	twins                *block.Value
}

// forward makes the calls of one pass on the views' images [c, h, h, b] and their labels [b].
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

// seed starts the backward pass of a loss with these factors before the two terms.
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

// mixed says whether both terms have a share.
func (o objective) mixed() bool { return o.factor > 0 && o.factor < 1 }

// factors before the two terms in the gradient, with a factor before the second one that balances them. Where the classifier is
// a probe, its own loss has factor 1: nothing else gets a gradient from it.
func (o objective) factors(balance float64) (crossEntropy, twins float64) {
	if o.factor == 1 {
		return 1, o.scale
	}
	return 1 - o.factor, o.factor * o.scale * balance
}

// read takes the terms' values, once they are computed or on their way, and the loss with this factor before the second term.
func (o objective) read(t terms, labels *block.Value, twins float64) later {
	images := labels.Images()
	losses, right := fit.Read(t.crossEntropy...), fit.Read(t.right...)
	if o.right == nil {
		var counted []float64
		for _, logits := range t.logits {
			counted = append(counted, fit.Right(logits, labels))
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
