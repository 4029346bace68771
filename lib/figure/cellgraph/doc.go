// Package cellgraph draws found cells as graphs in the style of the papers: inputs at the left,
// output at the right, operations on the edges.
//
//	g, _ := cell.Published("PC_DARTS_cifar")
//	f, err := cellgraph.Normal("Normal cell", g)
//	err = f.SVG(w)
//
// Graphviz places the nodes and routes the edges. It runs inside this process as WebAssembly:
// nothing has to be installed, but a program that links this package grows by about ten megabytes.
// The drawing has the colours and fonts of [github.com/essnas/essnas/lib/figure].
package cellgraph
