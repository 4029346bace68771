// Package film shows how a search comes to its cells, epoch by epoch. It computes nothing on a
// device and links no backend.
//
//	f, err := film.Of(report.HistoryOf(events)) // the events of a search
//	err = f.GIF(w)                              // an animation of both cells
//	frame := f.Frame(3)                         // one figure of it
//	page := f.Page("A search on CIFAR-10")      // a page with a slider, which needs no network
//
// # The drawing
//
// Nodes keep their places: the two inputs and the states of a cell stand on a line, and an edge is
// an arc above it, always the same. An edge that the cell of an epoch keeps has the colour and the
// name of its operation. What has changed since the epoch before it has a yellow ground; an edge
// that the cell has given up is dashed.
//
// # The numbers
//
//	similarity   share of the genes (state, node read, operation) that an epoch's cell has in
//	             common with the last epoch's
//	entropy      of the weights of an edge's operations: 1 if all are equal, 0 if one has all;
//	             the mean over the edges
//	beta drift   half of the sum of |beta - 1/n| over the n edges that enter a state, the mean
//	             over the states: 0 at the start, (n-1)/n where one edge has all
//	winner       operation of an edge with the largest weight, none left out
//	fortune      of an operation: its mean weight, times the number of operations of the edge, so
//	             that 1 is the weight at the start; the edges that still have it; the edges on which it wins
package film
