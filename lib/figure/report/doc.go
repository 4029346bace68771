// Package report writes pages of figures and tables: one HTML file that holds everything it shows and needs no network.
//
// A [Report] is a heading, warnings, a row of numbers that matter most, and sections of figures, tables and texts in the order in which they were added:
//
//	r := report.Report{Title: "A search on CIFAR-10"}
//	s := r.Section("Curves", "Both losses over the search.")
//	s.Figure(figure.Curves(charts...), "Losses and accuracies")
//	err := r.Write(w)
//
// The page follows the reader's light or dark theme, prints, and forbids itself any address but its own (Content-Security-Policy). Only the slider of
// [Section.Slider] needs a script, and without one shows the last frame.
//
// This package knows nothing of runs; lab fills reports from run directories.
package report
