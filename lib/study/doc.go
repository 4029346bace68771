// Package study repeats the slides' table with one command. Beyond the slides it has several seeds,
// the methods DARTS and P-DARTS, random search, and statistical tests.
//
//	s, err := study.New(pipeline.New(), study.Options{Preset: "quick"})
//	plan, err := s.Plan()   // the jobs and their estimated duration
//	err = s.Work(ctx)       // does or continues them
//
// A study has sixteen [findings.Configurations]: the ten of the slides, DARTS, P-DARTS, cells drawn
// at random from the same space, and three controls. Each configuration has several seeds. A trial
// is a configuration with a seed: it searches cells on one data set, trains and tests their network
// on it, and on other data sets (the transfers). The seed determines everything random in a trial.
// Trials with the same seed thus have the same split and order of images, and are compared as
// pairs. There may be more random cells than seeds: they cost no search, and they are the reference
// distribution for found cells.
//
// # Jobs
//
// A [findings.Job] is a search, or a training with its test. Each job is a run of package pipeline
// in the study's directory (see [findings.Directory]), with checkpoints of its own. The same
// command continues a study that was stopped or killed at any time, and ends with the same table.
// Jobs are ordered seed by seed, so that partial results compare all configurations.
//
// An engine (package engine) runs the jobs. [Study.Work] uses the local engine, which runs one job
// on each device, side by side in this process. A CPU counts as one device, because one job fills
// it. Several GPUs in one process are untried; a CPU presented as two devices (Options.Devices)
// gives the same bits as one. [Study.Prepare] writes each job into a file; [Execute] executes such
// a file in a process of its own, on any machine that sees the directory. A job on a cluster needs
// the devices that split its batches ([Study.JobDevices]), so that it must request as many.
//
// # Results
//
// Package findings reads a study, finished or not, and links no XLA. A [Study] adds the work to
// such a directory.
package study
