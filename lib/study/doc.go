// Package study makes the slides' table by one command, with what the slides could not afford: several seeds, the methods that they compare with, random search, and
// tests.
//
//	s, err := study.New(lab.New(), study.Options{Preset: "quick"})
//	plan, err := s.Plan()   // what is to be done, and how long it takes
//	err = s.Work(ctx)       // does it, or goes on with it
//
// A study is thirteen [Configurations] (the ten of the slides, DARTS, P-DARTS, and cells drawn at random from the same space) times seeds. With each pair cells are
// searched on one data set, the network of the cells is trained and tested on it, and on others: the transfers. What is random in a pair is its seed's; so pairs with
// the same seed have the same split and order of images, and are compared as pairs.
//
// # Jobs
//
// A [Job] is a search, or a training with its test. Each is a run of package lab in the study's
// directory (see [Study]), with checkpoints of its own: a study that is stopped or killed at any
// time goes on with the same command and ends in the same table. Jobs are ordered seed by seed, so
// the results at any time compare all configurations.
//
// An engine (package engine) runs the jobs. [Study.Work] uses the local one: side by side in this
// process, one job on each device. A CPU, which one job fills, counts as one device. Several GPUs in
// one process are untried; a CPU shown as two devices (Options.Devices) comes to the same bits as
// one. [Study.Prepare] writes each job into a file instead, which [Execute] executes in a process
// of its own, on any machine that sees the directory.
//
// # Results
//
// [Open] opens a study to read, at its end or before, as a notebook does:
//
//	s, err := study.Open("runs/study-cifar10-quick-1a2b3c4d")
//	r, err := s.Results()
//	header, rows := r.Table()                 // the slides' table beside this study's
//	f := r.Dots(r.Accuracy())                 // a figure.Figure; r.Pareto(), r.SearchAgainstFinal(), r.Dots(study.SearchTime()), r.Cells()
//	for _, c := range r.Claims { fmt.Println(c) }
//	run, err := s.Run(configuration, 1, "cifar10") // the run.Run of one training
//
// # Statistics
//
// Means have 95 % t intervals over seeds ([student.Mean]), which cover the luck of the seed; the interval of one test, in a run's report, covers that of the test images. Groups are compared by paired t
// tests over seeds ([Compare]) with Holm's correction within a family ([Holm]): all claims are one family, all pairs of groups another. A claim is undecided if its adjusted p is 0.05 or
// more, which is not a refutation: with few seeds only large differences show. Search-time accuracy is correlated with final accuracy by Kendall's tau-b ([Kendall]). Search times are those
// from step to step, over all processes that worked on a run, without compiling (run.Result.Fitting).
package study
