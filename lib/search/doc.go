// Package search finds cells: it trains the weights of a search network and its architecture in turn.
//
// The problem has two levels (arXiv:1806.09055, eq. 3 and 4): the architecture (alphas and betas) that minimises the loss on
// one half of the training images, for the weights that minimise it on the other.
//
//	min_alpha L_val(w*(alpha), alpha)   such that   w*(alpha) = argmin_w L_train(w, alpha)
//
// In first order, w* is taken as the weights at hand. Each step of a [Search] is therefore an Adam step of the
// architecture on a batch of its half, and then an SGD step of the weights on a batch of theirs, which sees the new
// architecture as constants. For the first epochs the architecture stands still, since the mixture of untrained
// operations says little about them.
//
// DARTS and PC-DARTS differ in one setting, k. The cell that is derived at the end (or at any time) is
// supernet.Arch.Derive's.
//
// # In phases
//
// A progressive search (P-DARTS, arXiv:1904.12760; with k > 1 PCP-DARTS) is several searches, each a [Phase]: a deeper
// network, on each edge the operations with the largest alphas of the phase before, fresh weights and alphas. Values of
// skip connections are dropped at a rate that decays within a phase.
//
// # Without labels
//
// With ss_factor f above 0 both levels minimise f * scale * L_BT + (1 - f) * L_CE, with the loss of package barlow on two
// distorted views of each batch; objective.go has the details, and what f = 1 means for the accuracy.
package search
