// Package supernet is the network that is searched: on every edge of every cell a mixture of all
// operations.
//
// What flows along the edge from node i to node j is, with operations o from the edge's space O
// (arXiv:1806.09055, eq. 2),
//
//	f_ij(x) = sum_o softmax(alpha_ij)_o o(x)
//
// With partial channels (arXiv:1907.05737) only 1/K of the channels of x go through the operations,
// and the others by-pass them; the result is shuffled, so that the next edge mixes other channels.
// Because that makes the choice of edges noisy, edge normalisation weighs what enters a node by
// shared betas:
//
//	x_j = sum_i softmax(beta_.j)_i f_ij(x_i)
//
// K = 1 is plain DARTS: no by-pass, no shuffle, no betas. The [Space] of an edge may be any subset
// of the primitives, as progressive search needs it.
//
// Beside the mixture there may be a skip connection of its own, against collapse (DARTS-, see
// [Arch]).
//
// [Network] makes the calls (see package block); [Arch] holds alphas and betas for the two cell
// types, turns them into [Mixing] weights, pulls the gradients of these back through the softmaxes,
// and derives the found cell. Mixing weights are inputs of the network and betas are folded into
// them: alpha x beta for the operations, beta for the by-pass. [Arch.Keep] prunes for the next
// phase of a progressive search.
package supernet
