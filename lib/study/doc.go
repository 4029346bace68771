// Package study makes the slides' table by one command, with what the slides could not afford:
// several seeds, the methods that they compare with, random search, and tests.
//
//	s, err := study.New(pipeline.New(), study.Options{Preset: "quick"})
//	plan, err := s.Plan()   // what is to be done, and how long it takes
//	err = s.Work(ctx)       // does it, or goes on with it
//
// A study is sixteen [findings.Configurations] times seeds: the ten of the slides, DARTS, P-DARTS,
// cells drawn at random from the same space, and three controls. With each pair cells are searched
// on one data set, the network of the cells is trained and tested on it, and on others: the
// transfers. What is random in a pair is its seed's; so pairs with the same seed have the same split
// and order of images, and are compared as pairs. Random cells may be more than the seeds: they cost
// no search, and are the reference that found cells are compared with.
//
// # Jobs
//
// A [findings.Job] is a search, or a training with its test. Each is a run of package pipeline in
// the study's directory (see [findings.Directory]), with checkpoints of its own: a study that is
// stopped or killed at any time goes on with the same command and ends in the same table. Jobs are
// ordered seed by seed, so the results at any time compare all configurations.
//
// An engine (package engine) runs the jobs. [Study.Work] uses the local one: side by side in this
// process, one job on each device. A CPU, which one job fills, counts as one device. Several GPUs
// in one process are untried; a CPU shown as two devices (Options.Devices) comes to the same bits
// as one. [Study.Prepare] writes each job into a file instead, which [Execute] executes in a
// process of its own, on any machine that sees the directory.
//
// # Results
//
// Package findings reads a study, at its end or before, as a notebook does, without linking what
// computes. A [Study] is such a directory, and what works in it.
package study
