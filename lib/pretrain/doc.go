// Package pretrain trains the network of a cell without labels, by Barlow Twins (arXiv:2103.03230) alone.
//
// Two distorted views of each image (package augment) go through the network and a projector, to embeddings that package barlow compares. What is wanted is the
// network: its pooled features, [4 * channels], of which the projector is thrown away. A [Pretraining] is a fit.Task; a fifth of the training images is held
// back.
//
// # What features are worth
//
// Labels play no part in the training, but in two measures that it takes every few epochs:
//
//	knn_accuracy   share of held-back images whose class a weighted vote of their nearest training images (cosine of the features) finds
//	knn_untrained  the same with the features of the network as it began, with its norms settled on training images
//	knn_pixels     the same with the normalised pixels themselves
//
// The last two are what features have to beat; both come once, with the first epoch. Two more numbers tell of a collapse, without labels, of held-back images'
// features at length 1:
//
//	spread  standard deviation of a feature times the root of their number, on average: 1 if they fill the sphere, 0 if all images are the same
//	rank    exp of the entropy of their covariance's spectrum (RankMe, arXiv:2210.02885, of singular values): how many directions are used
package pretrain
