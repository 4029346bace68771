package cell

// Shape describes the structure of a cell, counted from its genes.
type Shape struct {
	Skips         int `json:"skips"`          // skip connections
	ParameterFree int `json:"parameter_free"` // skip connections and pools
	// operations on the longest path from an input to the output
	Depth int `json:"depth"`
}

// ShapeOf measures a cell with these genes, whose output is the concatenation of the nodes concat.
// The operations of states that the output does not depend on count for Skips and ParameterFree,
// but not for Depth.
func ShapeOf(genes []Gene, concat []int) (s Shape) {
	s.Skips = Skips(genes)
	for _, gene := range genes {
		if Parameterless(gene.Op) {
			s.ParameterFree++
		}
	}
	depth := depths(genes)
	for _, node := range concat {
		s.Depth = max(s.Depth, depth[node])
	}
	return s
}

// depths returns, for each node, the operations on the longest path from an input.
func depths(genes []Gene) []int {
	depth := make([]int, Inputs+len(genes)/2)
	for i, gene := range genes {
		node := Inputs + i/2
		depth[node] = max(depth[node], depth[gene.From]+1)
	}
	return depth
}
