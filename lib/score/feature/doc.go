// Package feature classifies by features [n][d], to see what they know of classes: [Nearest] and its Vote by the nearest neighbours of arXiv:1805.01978, [FitLinear] by
// logistic regression.
package feature
