package analysis

import "github.com/essnas/essnas/lib/cell"

// Measures describe the structure of a cell.
type Measures struct {
	cell.Shape
	MeanPath float64 `json:"mean_path"`
	Width    float64 `json:"width"`
	Field    int     `json:"receptive_field"` // side, in positions of the inputs
	Dilated  int     `json:"dilated"`         // dilated convolutions
	// pools of a state that an undilated separable convolution enters
	SepPool int `json:"sep_then_pool"`
}

// Of measures a cell with these genes, whose output is the concatenation of the nodes concat.
// stride is that of operations on the inputs: 1 in a normal cell, 2 in a reduction cell. The genes
// must be those of a valid genotype.
func Of(genes []cell.Gene, concat []int, stride int) Measures {
	m := Measures{Shape: cell.ShapeOf(genes, concat)}
	ways, length := paths(genes)
	var all, total float64
	for _, node := range concat {
		all, total = all+ways[node], total+length[node]
	}
	m.MeanPath = total / all
	for _, gene := range genes {
		if gene.From < cell.Inputs {
			m.Width += 0.5
		}
	}
	for _, gene := range genes {
		o, _ := cell.Lookup(gene.Op)
		if o.Dilated() {
			m.Dilated++
		}
		if o.Pool() && gene.From >= cell.Inputs && convolved(genes, gene.From) {
			m.SepPool++
		}
	}
	in := span{jump: 1}
	m.Field = outputs(genes, concat, [2]span{in, in}, stride).size()
	return m
}

// paths counts the paths from the inputs to each node, and sums their lengths in operations.
func paths(genes []cell.Gene) (ways, length []float64) {
	n := cell.Inputs + len(genes)/2
	ways, length = make([]float64, n), make([]float64, n)
	for i := range cell.Inputs {
		ways[i] = 1
	}
	for i, gene := range genes {
		node := cell.Inputs + i/2
		ways[node] += ways[gene.From]
		length[node] += length[gene.From] + ways[gene.From]
	}
	return
}

// convolved reports whether an undilated separable convolution enters the state.
func convolved(genes []cell.Gene, node int) bool {
	for i, gene := range genes {
		o, _ := cell.Lookup(gene.Op)
		if cell.Inputs+i/2 == node && o.Kind == cell.Separable && !o.Dilated() {
			return true
		}
	}
	return false
}

// WeightedDepth is the depth of a search network's cell under its alphas and betas. An edge is one
// deeper than its source, and weighs beta times the share of its operations other than none. A
// state's depth is the weighted mean over its incoming edges. The result is the mean over the
// states. shares is softmax(alpha), [edge][operation]; a missing operation is NaN or absent. betas
// is [edge], 1 without edge normalisation.
func WeightedDepth(operations []string, shares [][]float64, betas []float64) float64 {
	states := cell.StatesOf(len(shares))
	links := cell.Space{States: states}.Links()
	depth := make([]float64, cell.Inputs+states)
	weight := make([]float64, cell.Inputs+states)
	for e, l := range links { // by target: depth[l.From] is complete
		var w float64
		for o, share := range shares[e] {
			if share == share && !cell.IsNone(operations[o]) {
				w += share * betas[e]
			}
		}
		depth[l.To] += w * (1 + depth[l.From])
		weight[l.To] += w
		if e+1 == len(links) || links[e+1].To != l.To {
			depth[l.To] /= weight[l.To]
		}
	}
	var sum float64
	for _, d := range depth[cell.Inputs:] {
		sum += d
	}
	return sum / float64(states)
}
