package supernet

import "github.com/essnas/essnas/lib/cell"

// Derive returns the derived cells (see [cell.Shares.Derive]). The normal cell has at most
// skipLimit skip connections; 0 stands for no limit.
func (a *Arch) Derive(skipLimit int) cell.Genotype {
	if skipLimit == 0 {
		skipLimit = cell.NoLimit
	}
	return a.Shares().Derive(skipLimit)
}

// Shares returns the softmaxes of alphas and betas, and the operations of each edge.
func (a *Arch) Shares() (s cell.Shares) {
	for typ := range s.Alphas {
		for e := range a.Alpha[typ] {
			s.Alphas[typ] = append(s.Alphas[typ], a.OperationWeights(typ, e))
		}
		s.Betas[typ] = a.EdgeNorm(typ)
		s.Operations[typ] = a.Space[typ]
	}
	return s
}

// Keep returns the space of the next phase of a progressive search (arXiv:1904.12760, section 3.2):
// each edge keeps the n operations with the largest weights, in their order. Among equal weights
// the earlier operation is dropped, as in the reference implementation. A single remaining
// operation is never none.
func (a *Arch) Keep(n int) (kept Space) { return a.KeepCapsules(n, 0) }

// KeepCapsules is Keep with protected capsules: the given number of the strongest capsules of each
// edge stays. New kinds of operations take longer to become useful. The neuroevolution method NEAT
// protects innovations in the same way: they first compete within their own species (Stanley and
// Miikkulainen, Evolving Neural Networks through Augmenting Topologies, 2002, section 3.3).
func (a *Arch) KeepCapsules(n, capsules int) (kept Space) {
	for t := range kept {
		kept[t] = make([][]string, len(a.Space[t]))
		for e, names := range a.Space[t] {
			p := a.OperationWeights(t, e)
			drop := make([]bool, len(names))
			left := 0 // number of remaining capsules
			for _, name := range names {
				if cell.IsCapsule(name) {
					left++
				}
			}
			for range len(names) - n {
				least := -1
				for o := range names {
					if n == 1 && cell.IsNone(names[o]) && !drop[o] {
						least = o
						break
					}
					if protected := cell.IsCapsule(names[o]) && left <= capsules; !drop[o] && !protected && (least < 0 || p[o] < p[least]) {
						least = o
					}
				}
				drop[least] = true
				if cell.IsCapsule(names[least]) {
					left--
				}
			}
			for o, name := range names {
				if !drop[o] {
					kept[t][e] = append(kept[t][e], name)
				}
			}
		}
	}
	return
}
