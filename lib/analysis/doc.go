// Package analysis measures what cells look like: depth, width, receptive field, operations without
// weights. It computes nothing on a device and links no backend.
//
//	g, err := cell.Load("PC_DARTS_cifar")
//	m := analysis.Of(g.Normal, g.NormalConcat, 1)        // of one cell: m.Depth, m.Width, ...
//	field := analysis.Field(g, 20)                       // pixels that the last cell of a network sees
//	band := analysis.Random(cell.DARTS(), 10000, 1)      // the same measures of random cells
//	percent := band.Percentile("depth", float64(m.Depth)) // where among these the cell stands
//
// # Measures
//
//	depth       operations on the longest way from an input to the output
//	mean path   operations on a way from an input to the output, the mean over all ways
//	width       sum over the states of the share of their edges that come from the inputs
//	            (Shu et al., arXiv:1909.09569, section 3.1, in units of the channels of a state)
//	field       side of the square of input positions that a position of the output depends on
//	counts      skips, parameter-less operations, dilated convolutions, separable convolutions
//	            whose output a pool reads
//
// A state that neither the output nor another state reads has no influence on any measure except
// the counts.
package analysis
