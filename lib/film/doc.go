// Package film shows the cells of a search, epoch by epoch. It computes nothing on a device and
// links no backend.
//
//	f, err := film.Of(report.HistoryOf(events)) // the events of a search
//	err = f.GIF(w)                              // an animation of both cells
//	frame := f.Frame(3)                         // one figure of it
//	page := f.Page("A search on CIFAR-10")      // a page with a slider, which needs no network
//
// # The drawing
//
// Nodes and edges keep their places: the two inputs and the states of a cell stand on a line, and
// each edge is an arc above it. An edge of the epoch's cell has the colour and the name of its
// operation. Changes since the previous epoch have a yellow ground. An edge that the cell has lost
// since then is dashed.
//
// # The numbers
//
//	similarity   share of the genes (state, node read, operation) that an epoch's cell has in
//	             common with the last epoch's
//	entropy      of the weights of an edge's operations: 1 if all are equal, 0 if one has all;
//	             the mean over the edges
//	beta drift   half of the sum of |beta - 1/n| over the n edges that enter a state, the mean
//	             over the states: 0 at the start, (n-1)/n where one edge has all
//	winner       operation of an edge with the largest weight, except the operation none
//	fortune      of an operation: its mean weight, times the number of operations of the edge (1
//	             at the start); the number of edges that still have it; the number that it wins
package film
