// Package task is the base of the three kinds of training: searches (package search), trainings of
// found networks (train) and pretrainings (pretrain).
//
// Each of them is a fit.Task that embeds a [Base]. The base opens the engine and the feeder, and
// makes the weights and the tape. It takes gradient steps, saves and restores the state, and frees
// all memory. A task adds its network, its losses, its batches and its measurements.
//
// # Life of a task
//
//	Open     engine and feeder; nothing is compiled
//	Make     weights of a network, its tape, and the optimizer; a search makes them
//	         anew in each phase
//	Launch   (a method of the task) a batch, a forward pass, and Descend
//	State    weights, running statistics, the optimizer's vectors; Restore takes them back
//	Release  frees what Make made; Close releases and frees the feeder
//
// The loop in package fit detects divergence and saves; a task does neither.
//
// The three packages are not subdirectories of this one: a path like task/search would say no more
// than search. Package network contains the networks of genotypes and models without their
// training, because tests, attacks, exports and predictions need only a model.
package task
