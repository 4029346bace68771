// Package report makes pages of figures and tables: one HTML file that holds everything it shows
// and needs no network. A [Page] is any such page; a [Writer] is that of a run.
//
// # Pages
//
// A [Page] is a heading, warnings, a row of numbers that matter most, and sections of figures,
// tables and texts in the order in which they were added:
//
//	p := report.Page{Title: "A search on CIFAR-10"}
//	s := p.Section("Curves", "Both losses over the search.")
//	s.Figure(figure.Curves(charts...), "Losses and accuracies")
//	err := p.Write(w)
//
// The page follows the reader's light or dark theme, prints, and forbids itself any address but its
// own (Content-Security-Policy). Only the slider of [Section.Slider] needs a script, and without
// one shows the last frame.
//
// # Runs
//
// [HistoryOf] sums the events of a run up, epoch by epoch; [History.Series] makes curves of them. A
// [Writer] has what the pages of all runs show: cells, settings, circumstances, views. What the
// page of a search or of a training says beyond that is the business of its stage (package stage):
// this package knows none of them, and links nothing that computes.
package report
