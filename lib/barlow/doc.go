// Package barlow is the self-supervised loss of Barlow Twins (arXiv:2103.03230).
//
// Two distorted views of the same images go through the same network and a [Projector], to embeddings za and zb [d, b]. Each
// feature is normalised over the batch, and the views are compared by their cross-correlation
//
//	C_ij = sum_n za_in zb_jn / b        [d, d], entries in -1..1
//
// [Loss] drives it to the identity: on the diagonal, a feature is to be the same in both views, whatever the distortion; off
// it, features are to tell different things.
//
//	L = sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2
//
// The loss has the size of the embedding: with nothing learnt it is about d. The paper's lambda is [Lambda].
package barlow

// Lambda is the paper's weight of the redundancy reduction (section 4.3), for the sums above.
const Lambda = 0.0051
