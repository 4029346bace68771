// Package findings reads the results of a study: its trials, means with intervals, paired tests,
// claims, figures and page. Package study does the work and writes the same structs. This package
// links no XLA, so that notebooks and other programs can read a study quickly.
//
// # Results
//
// [Open] opens a study, finished or not:
//
//	s, err := findings.Open("runs/study-cifar10-quick-1a2b3c4d")
//	r, err := s.Results()
//	header, rows := r.Table()                 // the slides' table beside this study's
//	f := r.Dots(r.Accuracy())                 // a figure.Figure, like r.Pareto() or r.Cells()
//	for _, c := range r.Claims { fmt.Println(c) }
//	run, err := s.Run(configuration, 1, "cifar10") // the run.Run of one training
//
// # Records and parts
//
// [Directory.Record] writes a record of a study that is small enough to be kept with a program.
// [Directory.Verify] checks it, and Open reads it like a study. [Directory.Merge] joins parts of a
// study that several people have computed.
//
// # Statistics
//
// Means have 95 % t intervals over seeds ([student.Mean]), which cover the variation between seeds.
// The interval of one test, in a run's report, covers the sampling of the test images. Groups are
// compared by paired t tests over seeds ([Compare]) with Holm's correction within a family
// ([Holm]): all claims are one family, all pairs of groups another. A claim is undecided if its
// adjusted p is 0.05 or more. This does not refute the claim: few seeds detect only large
// differences. Each undecided claim states the difference that a test with this number of seeds
// detects with a power of 0.8 (Paired.Detectable). Claims of the form "at least" also have a
// one-sided test with a margin ([Paired.NotBelow]).
//
// Kendall's tau-b correlates search-time accuracy with final accuracy ([Kendall]). Random cells are
// the reference: a found cell has a percentile among them ([Percentiles]). If there are more random
// cells than seeds, all of them are one side of Welch's test ([Against]). Search times are sums of
// the times from step to step over all processes of a run, without compiling (run.Result.Fitting).
package findings
