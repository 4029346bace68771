// Package report makes pages of figures and tables. A page is one HTML file that contains all its
// figures and needs no network. A [Page] is any such page; a [Writer] writes the page of a run.
//
// # Pages
//
// A [Page] has a heading, warnings, a row of key numbers, and sections of figures, tables and texts
// in the order in which they were added:
//
//	p := report.Page{Title: "A search on CIFAR-10"}
//	s := p.Section("Curves", "Both losses over the search.")
//	s.Figure(figure.Curves(charts...), "Losses and accuracies")
//	err := p.Write(w)
//
// The page follows the reader's light or dark theme and can be printed. Its Content-Security-Policy
// forbids to load anything from elsewhere. Only [Section.Slider] needs a script; without scripts it
// shows the last frame.
//
// # Runs
//
// [HistoryOf] summarises the events of a run, epoch by epoch; [History.Series] makes curves of
// them. A [Writer] writes the sections that the pages of all runs have: cells, settings,
// circumstances, views. The pipeline stages add their own sections (package stage). This package
// does not depend on them and links no XLA.
package report
