// Package pretrain trains the network of a cell without labels, by Barlow Twins (arXiv:2103.03230)
// alone.
//
// Two distorted views of each image (package augment) pass through the network and a projector.
// Package barlow compares the resulting embeddings. The result is the network with its pooled
// features, [4 * channels]. The projector is discarded. A [Pretraining] is a fit.Task. It holds
// back a fifth of the training images.
//
// # Quality of the features
//
// The training does not use labels. Every few epochs it measures the accuracy of nearest
// neighbours:
//
//	knn_accuracy   fraction of held-back images that a weighted vote of their nearest training images
//	               (cosine similarity of features) classifies correctly
//	knn_untrained  the same with the features of the initial network, with running statistics of
//	               training images
//	knn_pixels     the same with the normalised pixels
//
// The last two are baselines, which are measured once, at the end of the first epoch. Two more
// numbers detect a collapse without labels. They use features of held-back images, scaled to length
// 1:
//
//	spread  mean standard deviation of a feature, times the root of the number of features: 1 if the
//	        features fill the sphere, 0 if all images have the same features
//	rank    exp of the entropy of the spectrum of their covariance (RankMe, arXiv:2210.02885, with
//	        singular values): the number of directions in use
package pretrain
