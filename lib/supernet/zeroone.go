package supernet

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// ZeroOneLoss returns FairDARTS' loss that drives sigmoids to 0 or 1 (arXiv:1911.12126, eq. 4,
// without its factor), and its gradient with respect to Flat. The loss is, over all N alphas of
// both cell types,
//
//	-1/N sum (sigmoid(alpha) - 1/2)^2
//
// The gradient of the betas of edge normalisation is 0.
func (a *Arch) ZeroOneLoss() (loss float64, gradient []float32) {
	n := a.alphas()
	gradient = make([]float32, len(a.Flat()))
	for i, alpha := range a.Flat()[:n] {
		s := sigmoid(alpha)
		loss -= (s - 0.5) * (s - 0.5) / float64(n)
		gradient[i] = float32(-2 * (s - 0.5) * s * (1 - s) / float64(n))
	}
	return loss, gradient
}

// ZeroOneLossOf computes ZeroOneLoss, a scalar, from Flat [n].
func (a *Arch) ZeroOneLossOf(flat *Node) *Node {
	alphas := Slice(flat, AxisRange(0, a.alphas()))
	return Neg(ReduceAllMean(Square(AddScalar(Sigmoid(alphas), -0.5))))
}

// alphas is the number of alphas, which come first in Flat.
func (a *Arch) alphas() (n int) {
	for t := range a.Alpha {
		for _, alphas := range a.Alpha[t] {
			n += len(alphas)
		}
	}
	return
}

func sigmoid(x float32) float64 { return 1 / (1 + math.Exp(-float64(x))) }
