package figure

import "fmt"

// edge is an edge of a cell; nodes are numbered from 0, the first two are the cell's inputs.
type edge struct{ from, to int }

// edges returns the first n edges of a cell in the order of the alphas: the edges into the first
// state, then the edges into the second state, ...
func edges(n int) (all []edge) {
	for to := 2; len(all) < n; to++ {
		for from := range to {
			all = append(all, edge{from, to})
		}
	}
	return all[:n]
}

// NodeName returns the name of a node in the papers' drawings: the inputs are c_{k-2} and c_{k-1},
// the states 0, 1, ... The braces hold a subscript.
func NodeName(node int) string {
	if node < 2 {
		return fmt.Sprintf("c_{k-%d}", 2-node)
	}
	return fmt.Sprint(node - 2)
}

func (e edge) String() string { return NodeName(e.from) + " → " + NodeName(e.to) }

// EdgeNames returns the names of the first n edges of a cell, in the order of the alphas.
func EdgeNames(n int) (names []string) {
	for _, e := range edges(n) {
		names = append(names, e.String())
	}
	return
}
