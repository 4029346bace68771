package supernet

import (
	"github.com/essnas/essnas/lib/block"
	. "github.com/gomlx/gomlx/core/graph"
)

// This file builds the architecture's functions as graphs, for devices with memory separate from
// the host's. Otherwise every step would transfer some 250 mixing weights and their gradients one
// by one.

// Values returns all mixing weights in the order of Mix.
func (m *Mixing) Values() (vs []*block.Value) {
	for t := range m.Ops {
		for e := range m.Ops[t] {
			for _, v := range append(append([]*block.Value{}, m.Ops[t][e]...), m.Bypass[t][e], m.Auxiliary[t][e]) {
				if v != nil {
					vs = append(vs, v)
				}
			}
		}
	}
	return
}

// Mix computes the mixing weights, [1] each, from Flat [n] and the factor of auxiliary skips [1],
// as Update does. m determines which of them exist.
func (a *Arch) Mix(m *Mixing, flat, auxiliary *Node) (weights []*Node) {
	at := 0
	take := func(n int) *Node {
		at += n
		return Slice(flat, AxisRange(at-n, at))
	}
	var alphas [2][]*Node
	for t := range a.Alpha {
		alphas[t] = make([]*Node, len(a.Alpha[t]))
		for e := range a.Alpha[t] {
			alphas[t][e] = take(len(a.Alpha[t][e]))
			if a.Sigmoid {
				alphas[t][e] = Sigmoid(alphas[t][e])
			} else {
				alphas[t][e] = Softmax(alphas[t][e], 0)
			}
		}
	}
	for t := range m.Ops {
		var norm []*Node // [1] per edge; nil without partial channels
		if a.Partial {
			for _, n := range entering(len(a.Beta[t])) {
				betas := Softmax(take(n.to-n.from), 0)
				for i := range n.to - n.from {
					norm = append(norm, Slice(betas, AxisRange(i, i+1)))
				}
			}
		}
		for e, vs := range m.Ops[t] {
			times := func(x *Node) *Node {
				if norm == nil {
					return x
				}
				return Mul(x, norm[e])
			}
			for o, v := range vs {
				if v != nil {
					weights = append(weights, times(Slice(alphas[t][e], AxisRange(o, o+1))))
				}
			}
			if m.Bypass[t][e] != nil {
				weights = append(weights, norm[e])
			}
			if m.Auxiliary[t][e] != nil {
				weights = append(weights, times(auxiliary))
			}
		}
	}
	return
}

// BetaDecayOf computes BetaDecay, a scalar, from Flat [n].
func (a *Arch) BetaDecayOf(flat *Node) *Node {
	at := 0
	var sums []*Node
	for t := range a.Alpha {
		for _, alphas := range a.Alpha[t] {
			n := len(alphas)
			sums = append(sums, Reshape(Log(ReduceAllSum(Exp(Slice(flat, AxisRange(at, at+n))))), 1))
			at += n
		}
	}
	return ReduceAllMean(Concatenate(sums, 0))
}
