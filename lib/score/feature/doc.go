// Package feature classifies images by features [n][d] of a network, to measure the information in
// the features about the classes. [Nearest] and Vote use the weighted nearest neighbours of
// arXiv:1805.01978, [FitLinear] uses logistic regression.
package feature
