// Package run describes the directory of a run: its files, its lock, its name, and the form of
// every file. All readers and writers of runs use these structs, and no other package defines the
// same forms. Notebooks, studies, the server and the command line thus agree on the meaning of each
// file.
//
//	r, err := run.Open("runs/train-cifar10-5e6f7a8b")
//	result, err := r.Result()   // nil if the run has not ended
//	events, err := r.Events()   // one for each step and epoch
//	test, err := r.Test()       // nil without a test
//
// # The directory
//
// [Run] lists the files. Each file is written completely or not at all, except for events.jsonl,
// which grows. A killed process may leave an incomplete last line; readers ignore this line, and
// the next process removes it. A damaged line elsewhere is an error that names it.
//
// # The name
//
// The name of a directory ends in a hash of everything that determines the result: pipeline stage,
// settings, genotype, the checksums of the data and of the initial weights. A repeated request thus
// finds its run: [Begin] returns the existing one.
//
// # Numbers
//
// JSON has no NaN: metrics write NaN as null and read null as NaN. A missing number is therefore a
// gap in a curve, not 0.
//
// # Without XLA
//
// The package links no XLA, no plots and no network. Every execution of a notebook's cell links it,
// so it must stay small.
package run
