// Package analysis measures the structure of cells: depth, width, receptive field, operations
// without weights. It computes nothing on a device and links no backend.
//
//	g, err := cell.Load("PC_DARTS_cifar")
//	m := analysis.Of(g.Normal, g.NormalConcat, 1)        // of one cell: m.Depth, m.Width, ...
//	field := analysis.Field(g, 20)                       // receptive field of the last cell, in pixels
//	band := analysis.Random(cell.DARTS(), 10000, 1)      // measures of random cells
//	percent := band.Percentile("depth", float64(m.Depth)) // the cell's percentile among these
//
// # Measures
//
//	depth       operations on the longest path from an input to the output
//	mean path   mean over all paths from an input to the output of their operations
//	width       sum over the states of the share of their edges that come from the inputs
//	            (Shu et al., arXiv:1909.09569, section 3.1, in units of the channels of a state)
//	field       side of the square of input positions that a position of the output depends on
//	counts      skips, parameter-less operations, dilated convolutions, separable convolutions
//	            whose output a pool reads
//
// A state that neither the output nor another state reads has no influence on any measure except
// the counts.
package analysis
