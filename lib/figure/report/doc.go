// Package report writes pages of figures and tables: one HTML file that contains everything it
// shows and needs no network.
//
// A [Report] has a title, warnings, a row of key numbers, and sections. A section holds figures,
// tables and texts in the order of their addition:
//
//	r := report.Report{Title: "A search on CIFAR-10"}
//	s := r.Section("Curves", "Both losses over the search.")
//	s.Figure(figure.Curves(charts...), "Losses and accuracies")
//	err := r.Write(w)
//
// The page follows the reader's light or dark theme and prints well. A Content-Security-Policy
// forbids it to load anything. Only the slider of [Section.Slider] needs a script; without scripts
// it shows the last frame.
//
// The package knows nothing of runs: its callers fill reports from run directories.
package report
