// Package run is the directory of a run: its files, its lock, its name, and the form of everything in it. Whatever reads a run
// or writes one uses these structs, and no other package has any of the same form: a notebook, a study, the server and the
// command line can't differ in what a file means.
//
//	r, err := run.Open("runs/train-cifar10-5e6f7a8b")
//	result, err := r.Result()   // nil while the run has not ended
//	events, err := r.Events()   // a line a step and an epoch
//	test, err := r.Test()       // nil if it was not tested
//
// # The directory
//
// See [Run] for its files. Each appears as a whole or not at all. events.jsonl alone grows: a kill may tear its last line, which
// is left out by readers and cut off by the next process; a line that is damaged in the middle is an error that names it.
//
// # The name
//
// A directory's name ends in a hash of all that decides the result: stage, settings, genotype, the checksums of the data and of
// the first weights. So whoever asks for the same run again finds it: [Begin] returns the one that is there.
//
// # Numbers
//
// JSON has no word for NaN. Metrics write null for it and read NaN from null: a number that was not measured, or was none, is a
// gap in a curve and not 0.
//
// # Without XLA
//
// The package links nothing that computes, no plots and no network: a notebook's cell, which links it anew each time, stays fast.
package run
