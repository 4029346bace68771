// Package supernet implements the network of a search: each edge of each cell computes a mixture of
// all operations.
//
// The edge from node i to node j, with operations o from the edge's space O, computes
// (arXiv:1806.09055, eq. 2)
//
//	f_ij(x) = sum_o softmax(alpha_ij)_o o(x)
//
// With partial channels (arXiv:1907.05737) only 1/K of the channels of x pass through the
// operations, and the others by-pass them. The result is shuffled, so that the next edge mixes
// other channels. Partial channels make the selection of edges noisy. Edge normalisation reduces
// the noise: shared betas weight the edges that enter a node,
//
//	x_j = sum_i softmax(beta_.j)_i f_ij(x_i)
//
// K = 1 is plain DARTS, without by-pass, shuffle and betas. The [Space] of an edge may be any
// subset of the primitives, as progressive search needs it.
//
// An auxiliary skip connection beside the mixture counters collapse (DARTS-, see [Arch]).
//
// [Network] makes the calls (see package block). [Arch] holds alphas and betas for the two cell
// types. It computes the [Mixing] weights from them, propagates gradients back through the
// softmaxes, and derives the cells. Mixing weights are inputs of the network and include the betas:
// alpha x beta for the operations, beta for the by-pass. [Arch.Keep] prunes operations for the next
// phase of a progressive search.
package supernet
