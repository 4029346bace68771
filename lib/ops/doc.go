// Package ops implements the operations that an edge of a cell can compute: the operation space of
// the DARTS family, and capsules.
//
// An [Operation] knows its shapes, weights and cost without a graph, and builds itself in one. It
// has two forms as a block: [Operation.Mixed] for search networks, which scale its output by a
// mixing weight, and [Operation.Chosen] for found networks.
//
//	none            zero; it only takes its share of the softmax
//	max_pool_3x3    maximum of 3x3 pixels
//	avg_pool_3x3    mean of 3x3 pixels, padding not counted
//	skip_connect    the input; where the stride is 2 a factorized reduce
//	sep_conv_NxN    (ReLU, depthwise NxN, pointwise, norm) twice
//	dil_conv_NxN    ReLU, depthwise NxN with dilation 2, pointwise, norm
//	capsule_*       ReLU, depthwise 3x3, pointwise, norm, squash; votes, routing, norm
//
// Capsules are vectors of channels. The capsules of a position vote for capsules of the next layer
// within groups of at most four; all positions share the matrices. The routings are dynamic
// (arXiv:1710.09829), EM (Hinton, Sabour and Frosst, Matrix Capsules with EM Routing, ICLR 2018)
// and self (Hahn, Pyeon and Kim, Self-Routing Capsule Networks, NeurIPS 2019). The first two run
// two rounds, or the number in their name (capsule_em_3).
//
// Images are arrays of rank 4. The engine's lowering (block.Lowering) determines the order of their
// axes and their precision: float32 [channels, height, width, batch] on a CPU. Vectors (features,
// logits) are [channels, batch] everywhere. Blocks access images through the functions of image.go.
// The files lowering.go and convolution.go translate convolutions and pools into XLA operations,
// norm.go translates norms. A separable convolution has three ways, which an engine on a GPU races:
// sums of shifted images, XLA's grouped convolution, and one dense convolution that merges both
// factors. Functions that build graphs panic if shapes do not match, and name the shapes. Source:
// arXiv:1806.09055, section 3.1.1, and its reference implementation where the paper gives no
// detail.
package ops
