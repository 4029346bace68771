package cell

// Primitives are the operations of the DARTS search space (arXiv:1806.09055, section 3.1.1) in the
// order of alphas. For other spaces see [Space].
var Primitives = []string{
	None, "max_pool_3x3", "avg_pool_3x3", Skip,
	"sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
}

// A cell has two inputs. In the DARTS space it has four states, with an edge from every node to
// every later state.
const (
	Inputs = 2
	States = 4
	Edges  = States*Inputs + States*(States-1)/2 // 14
)
