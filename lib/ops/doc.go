// Package ops is the operation space of the DARTS family: what may run on an edge of a cell.
//
// An [Operation] knows its shapes and weights without a graph (sizes are counted from these), and
// builds itself in one. It comes as a block in two forms: [Operation.Mixed] for search networks,
// where its output is scaled by a mixing weight, and [Operation.Chosen] for found networks.
//
//	none            contributes nothing; only its share of the softmax matters
//	max_pool_3x3    maximum of 3x3 pixels
//	avg_pool_3x3    mean of 3x3 pixels, padding not counted
//	skip_connect    the input; where the stride is 2 a factorized reduce
//	sep_conv_NxN    (ReLU, depthwise NxN, pointwise, norm) twice
//	dil_conv_NxN    ReLU, depthwise NxN with dilation 2, pointwise, norm
//	capsule_*       ReLU, depthwise 3x3, pointwise, norm, squash; votes, routing, norm
//
// Capsules are vectors of channels; a position's capsules vote for those of the next layer within
// groups of at most four, by matrices that all positions share. The routings are dynamic
// (arXiv:1710.09829), EM (Hinton, Sabour and Frosst, Matrix Capsules with EM Routing, ICLR 2018)
// and self (Hahn, Pyeon and Kim, Self-Routing Capsule Networks, NeurIPS 2019). The first two take
// two rounds, or as many as their name says (capsule_em_3).
//
// Images are arrays of rank 4, whose axes are ordered and whose numbers are as the engine's
// lowering says (block.Lowering): on a CPU float32 [channels, height, width, batch]. Blocks see
// them through the functions of image.go; how convolutions and pools become XLA operations is
// lowering.go's and convolution.go's, norms are norm.go's. A ReLU, depthwise and pointwise
// convolution has three ways, which an engine on a GPU races: sums of shifted images; XLA's grouped
// convolution; both merged into one dense convolution. Vectors (features, logits) are [channels,
// batch] everywhere. Source: arXiv:1806.09055, section 3.1.1, and its reference implementation
// where the paper is silent.
package ops
