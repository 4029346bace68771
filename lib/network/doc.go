// Package network builds, trains and runs the networks that a search found.
//
// A [Network] repeats the two cells of a genotype: any number of cells and channels, each edge with its one operation,
// norms with gain and bias. [Training] trains it as DARTS does (arXiv:1806.09055, section 3.2): SGD with momentum and a cosine
// schedule, clipped gradients, cutout (arXiv:1708.04552), drop path (arXiv:1605.07648) whose probability grows linearly, and an
// auxiliary tower at 2/3 of the depth. The weights to keep are those of the epoch with the lowest loss on validation
// images; the test set plays no part. A [Model] has the trained weights and classifies.
//
// Settings.Labels leaves all but a share of the training images out, the same of each class, and repeats these, so that an epoch keeps its steps; validation images
// keep their labels. [Training.Begin] takes the weights of a pretrained network before the first step: all but the classifier's and the auxiliary tower's.
//
// [Network.Count] needs no backend: DARTS_V2 with 20 cells and 36 channels has 3,349,342 weights, as published.
package network
