package supernet

import (
	"cmp"
	"slices"

	"github.com/essnas/essnas/lib/cell"
)

// Derive is the found cell (arXiv:1806.09055, section 2.4; with betas arXiv:1907.05737, section 3.3): per edge the operation
// with the largest alpha, never none; per state the two edges with the largest alpha x beta, the stronger first.
//
// A positive skipLimit is P-DARTS' derivation (arXiv:1904.12760, section 3.3): while the normal cell has more skip connections
// than that, the weakest of them counts for nothing, and the cell is derived again.
//
// Ties are broken as in the reference implementations: DARTS and PC-DARTS take the earlier of two equal operations and of two
// equal edges, P-DARTS the later; of equally weak skips it drops the earlier.
func (a *Arch) Derive(skipLimit int) cell.Genotype {
	without := make([]bool, len(a.Alpha[0])) // edges of the normal cell whose skip connection counts for nothing
	later := skipLimit > 0
	normal := a.choices(0, without, later)
	for skipLimit > 0 {
		skips, weakest := 0, -1
		for i, c := range normal {
			if cell.IsSkip(c.Op) && !without[c.edge] {
				skips++
				if weakest < 0 || c.strength < normal[weakest].strength || c.strength == normal[weakest].strength && c.edge < normal[weakest].edge {
					weakest = i
				}
			}
		}
		if skips <= skipLimit {
			break
		}
		without[normal[weakest].edge] = true
		normal = a.choices(0, without, later)
	}
	concat := a.cells().Complete().Concat
	return cell.Genotype{
		Normal: genes(normal), NormalConcat: concat,
		Reduce: genes(a.choices(1, make([]bool, len(a.Alpha[1])), later)), ReduceConcat: slices.Clone(concat),
	}
}

// cells is the space of the cells that are searched, as far as their states go.
func (a *Arch) cells() cell.Space { return cell.Space{States: cell.StatesOf(len(a.Alpha[0]))} }

// choice is the operation that an edge would get, and how strong it is.
type choice struct {
	cell.Gene
	edge     int
	strength float64
}

func genes(cs []choice) (genes []cell.Gene) {
	for _, c := range cs {
		genes = append(genes, c.Gene)
	}
	return
}

// choices are a cell type's two strongest edges for each state, the stronger first. Of equal operations and edges the earlier
// wins, or the later one.
func (a *Arch) choices(typ int, without []bool, later bool) (chosen []choice) {
	norm := a.EdgeNorm(typ)
	links := a.cells().Links()
	for _, n := range entering(len(links)) {
		var edges []choice
		for e := n.from; e < n.to; e++ {
			c := choice{Gene: cell.Gene{From: links[e].From}, edge: e, strength: -1}
			for o, p := range a.Softmax(typ, e) {
				name := a.Space[typ][e][o]
				strength := p * norm[e]
				if cell.IsSkip(name) && without[e] {
					strength = 0
				}
				if !cell.IsNone(name) && (strength > c.strength || later && strength == c.strength) {
					c.Op, c.strength = name, strength
				}
			}
			edges = append(edges, c)
		}
		if later {
			slices.Reverse(edges) // the sort is stable
		}
		slices.SortStableFunc(edges, func(x, y choice) int { return cmp.Compare(y.strength, x.strength) })
		chosen = append(chosen, edges[:2]...)
	}
	return
}

// Keep is the space of the next phase of a progressive search (arXiv:1904.12760, section 3.2): on every edge the n operations
// with the largest softmax(alpha), in their order. Of equals the earlier is dropped, as in the reference. Where one
// operation is left it is never none.
func (a *Arch) Keep(n int) (kept Space) {
	for t := range kept {
		kept[t] = make([][]string, len(a.Space[t]))
		for e, names := range a.Space[t] {
			p := a.Softmax(t, e)
			drop := make([]bool, len(names))
			for range len(names) - n {
				least := -1
				for o := range names {
					if n == 1 && cell.IsNone(names[o]) && !drop[o] {
						least = o
						break
					}
					if !drop[o] && (least < 0 || p[o] < p[least]) {
						least = o
					}
				}
				drop[least] = true
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
