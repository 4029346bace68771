package cell

import (
	"cmp"
	"fmt"
	"slices"
)

// NoLimit as the limit of Derive allows any number of skip connections.
const NoLimit = -1

// Shares holds the learnt weights from which a genotype is derived. The first index is 0 for the
// normal and 1 for the reduction cell.
type Shares struct {
	Alphas     [2][][]float64 // [edge][operation]: softmax over the operations of an edge
	Betas      [2][]float64   // [edge]: softmax over the edges that enter a state, or 1
	Operations [2][][]string  // [edge][operation]: names of the alphas' operations
}

// Derive returns the genotype of the shares (arXiv:1806.09055, section 2.4; with betas
// arXiv:1907.05737, section 3.3). Each edge takes the operation with the largest alpha, except
// none. Each state takes the two edges with the largest alpha x beta, the stronger first.
//
// A limit of 0 or more selects P-DARTS' derivation (arXiv:1904.12760, section 3.3). While the
// normal cell has more skip connections, the weakest of them gets weight 0, and the cell is derived
// again. An edge without another operation keeps its skip connection.
//
// Ties are broken as in the reference implementations. DARTS and PC-DARTS (NoLimit) take the
// earlier of two equal operations and edges, P-DARTS the later. Of equally weak skip connections
// P-DARTS drops the earlier.
func (s Shares) Derive(limit int) Genotype {
	// edges of the normal cell whose skip connection has weight 0
	without := make([]bool, len(s.Alphas[0]))
	later := limit != NoLimit
	normal := s.choices(0, without, later)
	for limit != NoLimit {
		skips, weakest := 0, -1
		for i, c := range normal {
			if IsSkip(c.Op) && !without[c.edge] {
				skips++
				if weakest < 0 || c.strength < normal[weakest].strength || c.strength == normal[weakest].strength && c.edge < normal[weakest].edge {
					weakest = i
				}
			}
		}
		if skips <= limit {
			break
		}
		without[normal[weakest].edge] = true
		normal = s.choices(0, without, later)
	}
	concat := s.space().Complete().Concat
	return Genotype{
		Normal: chosenGenes(normal), NormalConcat: concat,
		Reduce: chosenGenes(s.choices(1, make([]bool, len(s.Alphas[1])), later)), ReduceConcat: slices.Clone(concat),
	}
}

// Check returns an error unless the shares fit a cell: all parts have the same number of edges and
// operations, and each edge has an operation other than none.
func (s Shares) Check() error {
	for typ := range s.Alphas {
		n := len(s.Alphas[typ])
		if StatesOf(n) == 0 || len(s.Betas[typ]) != n || len(s.Operations[typ]) != n {
			return fmt.Errorf("%d edges have alphas, %d have betas and %d have operations: a cell needs all three on each edge", n, len(s.Betas[typ]), len(s.Operations[typ]))
		}
		for e, row := range s.Alphas[typ] {
			names := s.Operations[typ][e]
			if len(row) != len(names) || !slices.ContainsFunc(names, func(name string) bool { return !IsNone(name) }) {
				return fmt.Errorf("edge %d has %d alphas for the operations %v", e, len(row), names)
			}
		}
	}
	if len(s.Alphas[0]) != len(s.Alphas[1]) {
		return fmt.Errorf("the normal cell has %d edges and the reduction cell %d", len(s.Alphas[0]), len(s.Alphas[1]))
	}
	return nil
}

// space returns the number of states of the shares' cells as a space without operations.
func (s Shares) space() Space { return Space{States: StatesOf(len(s.Alphas[0]))} }

// choice is the strongest operation of an edge, and its strength.
type choice struct {
	Gene
	edge     int
	strength float64
}

func chosenGenes(cs []choice) (genes []Gene) {
	for _, c := range cs {
		genes = append(genes, c.Gene)
	}
	return
}

// choices returns the two strongest edges of each state of a cell type, the stronger first. Of
// equal operations and edges the earlier wins, or with later the later.
func (s Shares) choices(typ int, without []bool, later bool) (chosen []choice) {
	links := s.space().Links()
	for at, n := 0, Inputs; at < len(links); at, n = at+n, n+1 {
		var edges []choice
		for e := at; e < at+n; e++ {
			c := choice{Gene: Gene{From: links[e].From}, edge: e, strength: -1}
			for o, p := range s.Alphas[typ][e] {
				name := s.Operations[typ][e][o]
				strength := p * s.Betas[typ][e]
				if IsSkip(name) && without[e] {
					strength = 0
				}
				if !IsNone(name) && (strength > c.strength || later && strength == c.strength) {
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
