// Package search finds cells: it trains the weights of a search network and its architecture in
// turn.
//
// The problem has two levels (arXiv:1806.09055, eq. 3 and 4). The architecture (alphas and betas)
// minimises the loss on one half of the training images, given weights that minimise the loss on
// the other half.
//
//	min_alpha L_val(w*(alpha), alpha)   such that   w*(alpha) = argmin_w L_train(w, alpha)
//
// The first-order approximation replaces w* by the current weights. Each step of a [Search] is an
// Adam step of the architecture on a batch of its half, followed by an SGD step of the weights on a
// batch of theirs, for which the new architecture is constant. The architecture is frozen in the
// first epochs, because the mixing weights of untrained operations are uninformative.
//
// The second-order approximation (unrolled) replaces w* by the weights after one more step of SGD
// on their batch, and differentiates through that step (eq. 7 and 8). It takes three further passes
// on the weights' batch.
//
// DARTS and PC-DARTS differ in one setting, k. supernet.Arch.Derive derives the cell, at the end or
// at any other time.
//
// # Phases
//
// A progressive search (P-DARTS, arXiv:1904.12760; with k > 1 PCP-DARTS) consists of several
// searches, each a [settings.Phase]. Each phase has a deeper and possibly wider network, and new
// weights and alphas. Each edge keeps the operations with the largest alphas of the previous phase.
// Dropout on skip connections decays within a phase. The cell of the last phase has a limited
// number of skip connections.
//
// An executable then spans one operation, and serves networks of any depth with any subset of
// operations. Later phases need few more executables, four for P-DARTS' phases. They are compiled
// while the first phase runs.
//
// # Without labels
//
// With ss_factor f above 0 both levels minimise f * scale * L_BT + (1 - f) * L_CE, where package
// barlow computes L_BT on two distorted views of each batch. objective.go gives the details and the
// meaning of the accuracy for f = 1. At the end of each epoch the search measures the norms of both
// terms' gradients and the cosine of the angle between them, for both levels, on the first batches
// of the epoch: grad_cosine is that of the weights, arch_grad_cosine that of alphas and betas. L_BT
// grows with the size of the embedding. An additional factor per level can make the gradient of
// L_BT as long as that of L_CE. ss_balance is the number of steps between its measurements; each
// epoch begins with one.
//
// # Against collapse
//
// Long searches of this family end in cells of skip connections. The remedies of the literature
// work with every method and are off by default:
//
//	auxiliary_skip  a skip connection beside every mixture, with a factor that falls to 0, takes over
//	                the easy path of gradients, which otherwise favours skip connections
//	                (DARTS-, arXiv:2009.01027)
//	beta_decay      a regulariser with growing weight keeps the alphas close together
//	                (arXiv:2203.01665)
//	stop_skips      a phase ends when its normal cell has too many skip connections
//	                (DARTS+, arXiv:1909.06035)
//	eigenvalue      the search measures the largest eigenvalue of the Hessian of the validation loss
//	                with respect to the alphas, which grows before a collapse (arXiv:1909.09656)
//
// The eigenvalue comes from differences of gradients, which ReLUs make rough: on few or small
// images it is mostly noise.
package search
