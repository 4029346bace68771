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
package search
