package supernet

import (
	"fmt"
	"math"
	"testing"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
)

// TestBilevelStepsAreTorchs compares three first-order bilevel steps of PC-DARTS: Adam moves alphas and betas on one batch, then clipped SGD with
// momentum the weights on another, with the new alphas. Losses, gradient norms, alphas and betas after each step; all weights at the end.
func TestBilevelStepsAreTorchs(t *testing.T) {
	torch := golden.Read(t, "bilevel")
	start := golden.Read(t, "supernet")
	n := newWhole(t, start, pcDARTS, Edges)
	tape := block.NewTape(open(t), n.params, block.Train, block.Separate)
	defer tape.Close()
	adam := fit.Adam{Beta1: 0.5, Beta2: 0.999, WeightDecay: 1e-3}
	sgd := fit.SGD{Momentum: 0.9, WeightDecay: 3e-2, Clip: float64(torch["clip"].Data[0])}
	before := n.arch.Flat()
	var losses, norms [2][]float32
	for step := range 3 {
		for i, kind := range []string{"valid", "train"} {
			_, loss := n.pass(tape, parity.Image(item(torch[kind+"/x"], step)), parity.Labels(item(torch[kind+"/labels"], step)))
			if err := tape.Run(); err != nil {
				t.Fatal(err)
			}
			losses[i] = append(losses[i], loss.Floats()[0])
			tape.Seed(loss, 1)
			if err := tape.Backward(kind == "train"); err != nil {
				t.Fatal(err)
			}
			gradient := n.arch.Gradient(n.mix)
			if kind == "train" {
				norms[i] = append(norms[i], float32(sgd.Step(n.params, 0.1)))
				continue
			}
			norms[i] = append(norms[i], length(gradient))
			flat := n.arch.Flat()
			adam.Step(flat, gradient, 6e-4)
			n.arch.SetFlat(flat)
			n.arch.Update(n.mix)
		}
		closeArch(t, fmt.Sprintf("after step %d,", step), n.arch.Flat(), torch, fmt.Sprintf("step%d/", step), true)
	}
	for i, kind := range []string{"valid", "train"} {
		golden.Close(t, kind+" losses", losses[i], torch[kind+"/loss"].Data, parity.Tolerance)
		golden.Close(t, kind+" gradient norms", norms[i], torch[kind+"/gradient_norm"].Data, parity.Tolerance)
	}
	end := golden.Under(torch, "final/")
	parity.Weights(t, n.params, end, parity.Path)
	closeArch(t, "at the end,", n.arch.Flat(), end, "weight/", true)
	// Alphas move by some 1e-3 only: the way that they went must agree, too.
	moved := func(after []float32) (way []float32) {
		for i := range after {
			way = append(way, after[i]-before[i])
		}
		return way
	}
	golden.Close(t, "the way of alphas and betas", moved(n.arch.Flat()), moved(archFlat(end, "weight/", true)), 1e-2)
}

// item is a[i].
func item(a golden.Array, i int) golden.Array {
	size := len(a.Data) / a.Shape[0]
	return golden.Array{Shape: a.Shape[1:], Data: a.Data[i*size : (i+1)*size]}
}

func length(g []float32) float32 {
	sum := 0.0
	for _, x := range g {
		sum += float64(x) * float64(x)
	}
	return float32(math.Sqrt(sum))
}
