// Package task is the base of the three kinds of training: searches (package search), trainings of
// found networks (train) and pretrainings (pretrain).
//
// Each of them is a fit.Task that embeds a [Base]. The base opens the engine and the feeder, makes
// the weights and the tape, descends along the gradients of losses, saves and restores the state,
// and frees everything. A task adds its network, its losses, its batches and its measurements.
//
// # Life of a task
//
//	Open     engine and feeder; nothing is compiled
//	Make     weights of a network, the tape that runs it, their optimizer; a search makes them
//	         anew in each phase
//	Launch   (a method of the task) a batch, a forward pass, and Descend
//	State    weights, running statistics, the optimizer's vectors; Restore takes them back
//	Release  frees what Make made; Close releases and frees the feeder
//
// The loop in package fit detects divergence and saves; a task does neither.
//
// The three packages lie beside this one and not below it, because a path like task/search would
// add no information to search. Package network contains the networks of genotypes and models
// without their training, because tests, attacks, exports and predictions need only a model.
package task
