// Package run describes the directory of a run: its files, its lock, its name, and the form of
// every file. All readers and writers of runs use these structs, and no other package defines the
// same forms. A notebook, a study, the server and the command line thus agree on the meaning of a
// file.
//
//	r, err := run.Open("runs/train-cifar10-5e6f7a8b")
//	result, err := r.Result()   // nil if the run has not ended
//	events, err := r.Events()   // one for each step and epoch
//	test, err := r.Test()       // nil without a test
//
// # The directory
//
// [Run] lists its files. Each file is written completely or not at all, except for events.jsonl,
// which grows. A kill may tear its last line; readers ignore this line, and the next process
// removes it. A damaged line in the middle is an error that names it.
//
// # The name
//
// The name of a directory ends in a hash of everything that determines the result: stage, settings,
// genotype, the checksums of the data and of the initial weights. A repeated request thus finds its
// run: [Begin] returns the existing one.
//
// # Numbers
//
// JSON has no NaN. Metrics write null for it and read null as NaN: a missing number is a gap in a
// curve, not 0.
//
// # Without XLA
//
// The package links nothing that computes, no plots and no network, so that a notebook's cell,
// which links it each time, stays fast.
package run
