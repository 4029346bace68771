// Package findings reads what a study has come to: its trials, means with intervals, paired tests,
// claims, figures and page. It is the reading side of package study, which does the work, and links
// nothing that computes: notebooks and other programs read a study in the structs that wrote it.
//
// # Results
//
// [Open] opens a study at its end or before:
//
//	s, err := findings.Open("runs/study-cifar10-quick-1a2b3c4d")
//	r, err := s.Results()
//	header, rows := r.Table()                 // the slides' table beside this study's
//	f := r.Dots(r.Accuracy())                 // a figure.Figure; r.Pareto(), r.SearchAgainstFinal(), r.Dots(findings.SearchTime()), r.Cells()
//	for _, c := range r.Claims { fmt.Println(c) }
//	run, err := s.Run(configuration, 1, "cifar10") // the run.Run of one training
//
// # Records and parts
//
// [Directory.Record] writes a study small enough to be kept with a program, [Directory.Verify] checks
// it, and Open reads it like any other. Several people's parts of a study become one by
// [Directory.Merge].
//
// # Statistics
//
// Means have 95 % t intervals over seeds ([student.Mean]), which cover the luck of the seed; the
// interval of one test, in a run's report, covers that of the test images. Groups are compared by
// paired t tests over seeds ([Compare]) with Holm's correction within a family ([Holm]): all claims
// are one family, all pairs of groups another. A claim is undecided if its adjusted p is 0.05 or
// more, which is not a refutation: with few seeds only large differences show. Search-time accuracy
// is correlated with final accuracy by Kendall's tau-b ([Kendall]). Random cells are the reference:
// a found cell has a percentile among them ([Percentiles]), and all of them are one side of a
// Welch test where they are more than the seeds ([Against]). Beside each undecided claim stands the
// difference that so many seeds find in four of five studies (Paired.Detectable); claims of the form
// "at least" have a one-sided test with a margin, too ([Paired.NotBelow]). Search times are those from
// step to step, over all processes that worked on a run, without compiling (run.Result.Fitting).
package findings
