// Package cellgraph draws found cells as graphs, as the papers print them: inputs at the left,
// output at the right, operations on the edges.
//
//	g, _ := cell.Published("PC_DARTS_cifar")
//	f, err := cellgraph.Normal("Normal cell", g)
//	err = f.SVG(w)
//
// Graphviz finds the places of the nodes and the ways of the edges. It runs inside this process as
// WebAssembly: nothing has to be installed, but what links this package grows by some ten
// megabytes. What it places is drawn with the colours and fonts of
// [github.com/essnas/essnas/lib/figure].
package cellgraph
