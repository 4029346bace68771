// Package network builds the networks of found cells and runs them with given weights.
//
// A [Network] repeats the two cells of a genotype with any number of cells and channels. Each edge
// has its single operation; norms have gain and bias. A [Model] holds the weights of a training
// (package train) or a pretraining (package pretrain): it classifies images, or gives their
// features.
//
// [Network.Count] needs no backend: DARTS_V2 with 20 cells and 36 channels has 3,349,342 weights,
// as published.
package network
