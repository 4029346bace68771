package supernet

import (
	"math"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
)

// outcome holds the results of one pass of a search network: logits, loss, the gradients of all
// weights, and those of alphas and betas.
type outcome struct{ logits, loss, weights, architecture []float32 }

// under runs a training pass of a network with this lowering. torch has the images and labels.
func under(t *testing.T, l block.Lowering, n *searchNetwork, torch map[string]golden.Array) (o outcome) {
	t.Helper()
	e := block.NewEngine(backendtest.Open(t).Backend)
	e.Lowering = l
	var logits, loss *block.Value
	parity.Train(t, e, n.params, block.Separate, func(r block.Runner) *block.Value {
		logits, loss = n.pass(r, parity.Keep(l, parity.BatchLast(torch["x"])), parity.Labels(torch["labels"]))
		return loss
	}, func() { o.logits, o.loss = logits.Floats(), loss.Floats() })
	for _, p := range n.params {
		if p.Trainable() {
			o.weights = append(o.weights, p.Value.Gradient()...)
		}
	}
	o.architecture = n.arch.Gradient(n.mix)
	return o
}

// TestASearchNetworkIsTheSameInTheOtherLayout: NHWC gives PyTorch's gradients, and those of CHWN up
// to the order of sums.
func TestASearchNetworkIsTheSameInTheOtherLayout(t *testing.T) {
	torch := golden.Read(t, "supernet")
	var all []outcome
	for _, l := range []block.Lowering{{}, {Layout: block.NHWC}} {
		n := newSearchNetwork(t, torch, pcDARTS, Edges, FullSpace())
		all = append(all, under(t, l, n, torch))
		parity.Gradients(t, n.params, torch, parity.Path)
	}
	want, got := all[0], all[1]
	golden.Close(t, "logits", got.logits, want.logits, 1e-5)
	golden.Close(t, "loss", got.loss, want.loss, 1e-5)
	golden.Close(t, "gradients of the weights", got.weights, want.weights, 1e-5)
	golden.Close(t, "gradients of alphas and betas", got.architecture, want.architecture, 1e-5)
}

// TestHalfPrecisionGivesNearlyTheSameLossAndDirection compares a search network in the layout of
// GPUs and half precision with float32 in CHWN. An operation of each kind is enough (without
// weights, pooling, convolutions): package ops compares all of them, and all eight in one executable
// compile for minutes.
func TestHalfPrecisionGivesNearlyTheSameLossAndDirection(t *testing.T) {
	torch := golden.Read(t, "supernet")
	space := UniformSpace(cell.Space{Operations: []string{"none", "skip_connect", "max_pool_3x3", "sep_conv_3x3"}, States: 3})
	var all []outcome
	for _, l := range []block.Lowering{{}, {Layout: block.NHWC, Precision: block.BFloat16}} {
		all = append(all, under(t, l, drawnSearchNetwork(pcDARTS, Edges, space), torch))
	}
	want, got := all[0], all[1]
	golden.Close(t, "loss", got.loss, want.loss, 0.02)
	golden.Close(t, "logits", got.logits, want.logits, 0.05)
	if c := cosine(got.weights, want.weights); c < 0.99 {
		t.Errorf("the gradient of the weights has another direction: the cosine is %g", c)
	}
	if c := cosine(got.architecture, want.architecture); c < 0.97 {
		t.Errorf("the gradient of alphas and betas has another direction: the cosine is %g", c)
	}
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}
