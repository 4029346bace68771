// Package train trains the networks of found cells, as DARTS does (arXiv:1806.09055, section 3.2).
//
// A [Training] is SGD with momentum and a cosine schedule, clipped gradients, cutout
// (arXiv:1708.04552), drop path (arXiv:1605.07648) with linearly growing probability, and an
// auxiliary tower at 2/3 of the depth. The kept weights are those of the epoch with the lowest loss
// on validation images; the test set plays no part.
//
// Settings.Labels restricts the training to a fraction of the training images, equal for all
// classes, and repeats these, so that an epoch keeps its number of steps. Validation images keep
// their labels. [Training.Begin] takes the weights of a pretrained network before the first step,
// except for the classifier and the auxiliary tower.
package train
