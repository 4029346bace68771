package supernet

import "math"

// BetaDecay returns the regulariser of arXiv:2203.01665 and its gradient with respect to Flat. The
// regulariser is the mean over all edges of both cell types of
//
//	log sum_o exp(alpha_o)
//
// It keeps alphas small, and thereby the differences between their softmaxes. (The paper calls the
// softmax of alphas beta.) The gradient of the betas of edge normalisation is 0.
func (a *Arch) BetaDecay() (loss float64, gradient []float32) {
	edges := 0
	for t := range a.Alpha {
		edges += len(a.Alpha[t])
	}
	gradient = make([]float32, 0, len(a.Flat()))
	for t := range a.Alpha {
		for e, alphas := range a.Alpha[t] {
			sum := 0.0
			for _, x := range alphas {
				sum += math.Exp(float64(x))
			}
			loss += math.Log(sum) / float64(edges)
			for _, p := range softmax(a.Alpha[t][e]) {
				gradient = append(gradient, float32(p/float64(edges)))
			}
		}
	}
	return loss, gradient[:cap(gradient)]
}
