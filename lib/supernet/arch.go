package supernet

import (
	"math"
	"math/rand/v2"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/gomlx/gomlx/core/tensors"
)

// Arch holds the parameters of the architecture. For each cell type (0 normal, 1 reduction) and
// edge these are the alphas of its operations and, with partial channels, a beta. They are few, so
// the host computes their softmax, its gradient and their optimizer.
type Arch struct {
	Space   Space
	Partial bool           // edge normalisation: betas are used
	Alpha   [2][][]float32 // [edge][operation]
	Beta    [2][]float32   // [edge]
	// Auxiliary is the factor of an additional skip connection beside every mixture (DARTS-,
	// arXiv:2009.01027). It gives gradients a path without loss, so the skip connection inside the
	// mixture loses this advantage. The auxiliary skip competes with no operation and is no part of
	// a derived cell. 0 stands for none.
	Auxiliary float64
	// Sigmoid selects sigmoid(alpha) as the weight of an operation instead of the softmax:
	// operations then do not compete (FairDARTS, arXiv:1911.12126, section 4.1).
	Sigmoid bool
	// ZeroOne is the factor of a loss that drives the sigmoids to 0 or 1 (see [Arch.ZeroOneLoss]).
	ZeroOne float64
}

// NewArch draws alphas and betas from a normal distribution with mean 0 and standard deviation
// 0.001, as the reference implementation does. The seed determines them.
func NewArch(space Space, partial bool, seed uint64) *Arch {
	r := rand.New(rand.NewPCG(seed, 0xa1fa))
	a := &Arch{Space: space, Partial: partial}
	for t, edges := range space {
		a.Alpha[t], a.Beta[t] = make([][]float32, len(edges)), make([]float32, len(edges))
		for e, names := range edges {
			for range names {
				a.Alpha[t][e] = append(a.Alpha[t][e], float32(1e-3*r.NormFloat64()))
			}
		}
		for e := range a.Beta[t] {
			a.Beta[t][e] = float32(1e-3 * r.NormFloat64())
		}
	}
	return a
}

// Flat returns all alphas, by cell type, edge and operation, and then (Partial) all betas, by cell
// type and edge.
func (a *Arch) Flat() (flat []float32) {
	for _, p := range a.pointers() {
		flat = append(flat, *p)
	}
	return
}

// SetFlat is the inverse of Flat. flat must have the length of Flat.
func (a *Arch) SetFlat(flat []float32) {
	for i, p := range a.pointers() {
		*p = flat[i]
	}
}

func (a *Arch) pointers() (ps []*float32) {
	for t := range a.Alpha {
		for e := range a.Alpha[t] {
			for o := range a.Alpha[t][e] {
				ps = append(ps, &a.Alpha[t][e][o])
			}
		}
	}
	if a.Partial {
		for t := range a.Beta {
			for e := range a.Beta[t] {
				ps = append(ps, &a.Beta[t][e])
			}
		}
	}
	return
}

// OperationWeights returns the weights of the operations on edge e of a cell type: softmax(alpha),
// or sigmoid(alpha) with Sigmoid.
func (a *Arch) OperationWeights(typ, e int) []float64 {
	if !a.Sigmoid {
		return softmax(a.Alpha[typ][e])
	}
	p := make([]float64, len(a.Alpha[typ][e]))
	for o, alpha := range a.Alpha[typ][e] {
		p[o] = sigmoid(alpha)
	}
	return p
}

// alphaGradient returns the gradient of the alphas, given their weights p and the cotangent v of p.
func (a *Arch) alphaGradient(p, v []float64) []float64 {
	if !a.Sigmoid {
		return softmaxGradient(p, v)
	}
	g := make([]float64, len(p))
	for o := range p {
		g[o] = p[o] * (1 - p[o]) * v[o]
	}
	return g
}

// EdgeNorm is the softmax of the betas over the edges that enter a node (arXiv:1907.05737, eq. 3),
// for each edge of a cell type. It is 1 without partial channels.
func (a *Arch) EdgeNorm(typ int) []float64 {
	norm := make([]float64, len(a.Alpha[typ]))
	for i := range norm {
		norm[i] = 1
	}
	if a.Partial {
		for _, n := range entering(len(norm)) {
			copy(norm[n.from:n.to], softmax(a.Beta[typ][n.from:n.to]))
		}
	}
	return norm
}

// span is the range [from, to) of edges that enter one state.
type span struct{ from, to int }

// entering returns the spans of all states of a cell with the given number of edges.
func entering(edges int) (s []span) {
	for at, n := 0, cell.Inputs; at < edges; at, n = at+n, n+1 {
		s = append(s, span{at, at + n})
	}
	return
}

func softmax(x []float32) []float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, float64(v))
	}
	r := make([]float64, len(x))
	sum := 0.0
	for i, v := range x {
		r[i] = math.Exp(float64(v) - top)
		sum += r[i]
	}
	for i := range r {
		r[i] /= sum
	}
	return r
}

// softmaxGradient returns the gradient of the logits of a softmax p, given the cotangent v of p.
func softmaxGradient(p, v []float64) []float64 {
	mean := 0.0
	for i := range p {
		mean += p[i] * v[i]
	}
	g := make([]float64, len(p))
	for i := range p {
		g[i] = p[i] * (v[i] - mean)
	}
	return g
}

// NewMixing returns the mixing weights of the current architecture. Call Update after each change
// of the architecture.
func (a *Arch) NewMixing() *Mixing {
	m := &Mixing{}
	for t, edges := range a.Space {
		m.Ops[t] = make([][]*block.Value, len(edges))
		m.Bypass[t], m.Auxiliary[t] = make([]*block.Value, len(edges)), make([]*block.Value, len(edges))
		for e, names := range edges {
			for _, o := range names {
				var v *block.Value
				if !cell.IsNone(o) {
					v = block.NewValue(nil)
				}
				m.Ops[t][e] = append(m.Ops[t][e], v)
			}
			if a.Partial {
				m.Bypass[t][e] = block.NewValue(nil)
			}
			if a.Auxiliary > 0 {
				m.Auxiliary[t][e] = block.NewValue(nil)
			}
		}
	}
	a.Update(m)
	return m
}

// Update recomputes the mixing weights. With w the operation's weight, b = softmax(beta) and f the
// auxiliary factor, they are w*b for an operation, b for a by-pass, and f*b for an auxiliary skip
// connection.
func (a *Arch) Update(m *Mixing) {
	set := func(v *block.Value, x float64) {
		if v != nil {
			v.Set(tensors.FromFlatDataAndDimensions([]float32{float32(x)}, 1))
		}
	}
	for t := range m.Ops {
		norm := a.EdgeNorm(t)
		for e, vs := range m.Ops[t] {
			for o, p := range a.OperationWeights(t, e) {
				set(vs[o], p*norm[e])
			}
			set(m.Bypass[t][e], norm[e])
			set(m.Auxiliary[t][e], a.Auxiliary*norm[e])
		}
	}
}

// DropGradients frees the gradients of the mixing weights that a backward pass has computed.
func (m *Mixing) DropGradients() {
	for t := range m.Ops {
		for e := range m.Ops[t] {
			for _, v := range append([]*block.Value{m.Bypass[t][e], m.Auxiliary[t][e]}, m.Ops[t][e]...) {
				if v != nil {
					v.DropGradient()
				}
			}
		}
	}
}

// Gradient returns the gradient of Flat after a backward pass. It frees the gradients of the mixing
// weights.
func (a *Arch) Gradient(m *Mixing) []float32 {
	return a.gradient(func(typ, e, o int) float64 {
		var v *block.Value
		switch o {
		case bypass:
			v = m.Bypass[typ][e]
		case auxiliary:
			v = m.Auxiliary[typ][e]
		default:
			v = m.Ops[typ][e][o]
		}
		if v == nil {
			return 0
		}
		g := v.Gradient()
		v.DropGradient()
		if g == nil {
			return 0
		}
		return float64(g[0])
	})
}

// Mixing weights of an edge that belong to no operation.
const (
	bypass    = -1
	auxiliary = -2
)

// gradient propagates gradients of mixing weights through the softmaxes. of returns the gradient
// for operation o of an edge, for its by-pass, or for its auxiliary skip.
func (a *Arch) gradient(of func(typ, e, o int) float64) []float32 {
	var alphas, betas []float32
	for t := range a.Alpha {
		norm := a.EdgeNorm(t)
		ofNorm := make([]float64, len(norm))
		for e := range a.Alpha[t] {
			p := a.OperationWeights(t, e)
			ofOps := make([]float64, len(p))
			for o, name := range a.Space[t][e] {
				if cell.IsNone(name) {
					continue
				}
				g := of(t, e, o)
				ofOps[o] = g * norm[e]
				ofNorm[e] += g * p[o]
			}
			ofNorm[e] += of(t, e, bypass)
			ofNorm[e] += of(t, e, auxiliary) * a.Auxiliary
			for _, g := range a.alphaGradient(p, ofOps) {
				alphas = append(alphas, float32(g))
			}
		}
		for _, n := range entering(len(norm)) {
			for _, g := range softmaxGradient(norm[n.from:n.to], ofNorm[n.from:n.to]) {
				betas = append(betas, float32(g))
			}
		}
	}
	if !a.Partial {
		return alphas
	}
	return append(alphas, betas...)
}
