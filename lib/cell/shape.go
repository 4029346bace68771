package cell

// Shape is what a cell looks like, counted from its genes alone.
type Shape struct {
	Skips         int `json:"skips"`          // skip connections
	ParameterFree int `json:"parameter_free"` // these and pools
	// operations on the longest way from an input to the output
	Depth int `json:"depth"`
}

// ShapeOf counts the shape of a cell with these genes, whose output are the nodes concat. States
// that lead nowhere have operations, and count for Skips and ParameterFree, but add no depth.
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

// depths are the operations on the longest way from an input to each node.
func depths(genes []Gene) []int {
	depth := make([]int, Inputs+len(genes)/2)
	for i, gene := range genes {
		node := Inputs + i/2
		depth[node] = max(depth[node], depth[gene.From]+1)
	}
	return depth
}
