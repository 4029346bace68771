package cell

// Primitives are the operations of the DARTS search space (arXiv:1806.09055, section 3.1.1), in the order in which every alpha lists them.
var Primitives = []string{
	"none", "max_pool_3x3", "avg_pool_3x3", "skip_connect",
	"sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
}
