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
// A progressive search (P-DARTS, arXiv:1904.12760; with k > 1 PCP-DARTS) is several searches, each a [settings.Phase]: a deeper, perhaps wider
// network, on each edge the operations with the largest alphas of the phase before, fresh weights and alphas. Values of
// skip connections are dropped at a rate that decays within a phase. The last phase's cell has a limited number of skip connections.
//
// An executable spans one operation there, and so serves every subset that an edge keeps and every depth. What later phases need
// beyond that, four executables for P-DARTS' phases, is compiled while the first one runs.
//
// # Without labels
//
// With ss_factor f above 0 both levels minimise f * scale * L_BT + (1 - f) * L_CE, with the loss of package barlow on two
// distorted views of each batch; objective.go has the details, and what f = 1 means for the accuracy. At the end of each
// epoch the norms of both terms' gradients are measured, in both levels, on the first batches of the epoch. L_BT is of the
// size of the embedding: ss_balance measures every so many steps, and at the beginning of each epoch, a further factor that makes its gradient as
// long as that of L_CE, for each level its own.
//
// # Against collapse
//
// Searches of this family end in cells of skip connections when they go on for too long. What the field found against it is here,
// off by default, for every method:
//
//	auxiliary_skip  a skip connection beside every mixture, whose factor falls to 0, takes away what skip connections gain from the way
//	                that they are for gradients (DARTS-, arXiv:2009.01027)
//	beta_decay      a regulariser keeps the alphas close together, with a weight that grows (arXiv:2203.01665)
//	stop_skips      a phase ends when its normal cell has too many skip connections (DARTS+, arXiv:1909.06035)
//	eigenvalue      the largest one of the validation loss's Hessian in the alphas is measured, which grows before the collapse
//	                (arXiv:1909.09656)
//
// The eigenvalue comes from differences of gradients, which ReLUs make rough: on few or small images it is mostly noise.
package search
