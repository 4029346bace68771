// Package barlow implements the self-supervised loss of Barlow Twins (arXiv:2103.03230).
//
// Two distorted views of the same images pass through the same network and a [Projector] and give
// the embeddings za and zb, each [d, b] for d features and b images. Each feature is normalised
// over the batch. The cross-correlation compares the two embeddings:
//
//	C_ij = sum_n za_in zb_jn / b        [d, d], entries in -1..1
//
// [Loss] drives C towards the identity. The diagonal term makes each feature equal in both views,
// whatever the distortion. The off-diagonal term makes different features carry different
// information.
//
//	L = sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2
//
// The loss grows with the size of the embedding: an untrained network has a loss of about d. The
// paper's lambda (section 4.3), for the sums above, is settings.Lambda.
package barlow
