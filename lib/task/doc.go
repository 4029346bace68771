// Package task is the base of the three kinds of training: searches (package search), trainings of
// found networks (train) and pretrainings (pretrain).
//
// Each of them is a fit.Task that embeds a [Base]. The base opens the engine and the feeder, makes
// the weights and the tape, descends along the gradients of losses, takes and returns the state, and
// frees all of it. A task adds its network, its losses, its batches and its measurements.
//
// # Life of a task
//
//	Open     engine and feeder; nothing is compiled
//	Make     weights of a network, the tape that runs it, their optimizer; a search makes them
//	         anew in each phase
//	Launch   of the task: a batch, a forward pass, and Descend
//	State    weights, running statistics, the optimizer's vectors; Restore takes them back
//	Release  frees what Make made; Close releases and frees the feeder
//
// The loop in package fit tells divergence, and saves; a task does neither.
//
// The three packages stand beside this one, not below it: a path like task/search would say nothing
// that search does not. Package network holds the networks of genotypes and models without their
// training, because tests, attacks, exports and predictions need a model alone.
package task
