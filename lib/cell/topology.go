package cell

// Link is one edge of a cell, from node From to node To. Nodes 0 and 1 are the outputs of the two cells before, 2 to 5 the
// states.
type Link struct{ From, To int }

// Links are all edges of a cell, by target: 0-2 1-2 0-3 1-3 2-3 ... 4-5, the order in which alphas and betas list them.
func Links() (all []Link) {
	for to := Inputs; to < Inputs+States; to++ {
		for from := range to {
			all = append(all, Link{from, to})
		}
	}
	return
}

// Topology is the inside of a cell type: its edges, by target, and the nodes whose concatenation is the output.
type Topology struct {
	Links  []Link
	Concat []int
}

// Complete is the graph of a search network's cells: all edges, all states.
func Complete() Topology { return Topology{Links: Links(), Concat: []int{2, 3, 4, 5}} }
