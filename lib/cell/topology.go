package cell

// Link is an edge of a cell from node From to node To. Nodes 0 and 1 are the outputs of the two
// preceding cells, the following ones the states.
type Link struct{ From, To int }

// Topology describes a cell type without operations: its number of states, its edges by target, and
// the nodes whose concatenation is the output.
type Topology struct {
	States int
	Links  []Link
	Concat []int
}

// Links returns all edges of a cell of the DARTS space (see [Space.Links]).
func Links() []Link { return DARTS().Links() }

// Complete is the topology of a search network's cells in the DARTS space (see [Space.Complete]).
func Complete() Topology { return DARTS().Complete() }

// Topology is the topology of the normal cell (typ 0) or the reduction cell (typ 1).
func (g Genotype) Topology(typ int) Topology {
	genes, concat := g.Cell(typ)
	t := Topology{States: len(genes) / 2, Concat: concat}
	for i, gene := range genes {
		t.Links = append(t.Links, Link{gene.From, Inputs + i/2})
	}
	return t
}

// Cell returns the genes and the output's nodes of the normal cell (typ 0) or the reduction cell
// (typ 1).
func (g Genotype) Cell(typ int) (genes []Gene, concat []int) {
	if typ == 1 {
		return g.Reduce, g.ReduceConcat
	}
	return g.Normal, g.NormalConcat
}

// States is the number of states of the genotype's cells.
func (g Genotype) States() int { return len(g.Normal) / 2 }
