// Package train trains the networks of found cells, as DARTS does (arXiv:1806.09055, section 3.2).
//
// A [Training] uses SGD with momentum, a cosine schedule and clipped gradients. It regularises by
// cutout (arXiv:1708.04552), by drop path (arXiv:1605.07648) with linearly growing probability, and
// by an auxiliary tower at 2/3 of the depth. The best epoch is the one with the lowest loss on
// validation images. The test set is not used.
//
// Settings.Labels restricts the training to a fraction of the training images, equal for all
// classes. It repeats these, so that an epoch keeps its number of steps. Validation images keep
// their labels. [Training.Begin] takes the weights of a pretrained network before the first step,
// except for the classifier and the auxiliary tower.
package train
