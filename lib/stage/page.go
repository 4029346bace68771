package stage

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
)

// page is the page of a run, to which its stages add sections.
type page struct{ *report.Writer }

// Report writes report.html, a self-contained page about the run, from the present contents of its
// directory, and its figures (SVG, and PNG for documents) into figures/. The page of a training
// includes the search that found its cell, if that run still exists. Report returns the path of the
// page, and an error if the directory is no run or a file of it is damaged.
func Report(dir string) (path string, err error) {
	r, err := run.Open(dir)
	if err != nil {
		return "", err
	}
	s, err := of(r)
	if err != nil {
		return "", err
	}
	writer, err := report.NewWriter(r)
	if err != nil {
		return "", err
	}
	w := page{writer}
	if err := s.write(w); err != nil {
		return "", fmt.Errorf("can't report on %s: %w", dir, err)
	}
	if path, err = w.Close(); err != nil {
		return "", fmt.Errorf("can't report on %s: %w", dir, err)
	}
	return path, nil
}

func (s Stage) write(w page) error {
	events, err := w.Run.Events()
	if err != nil {
		return err
	}
	h := report.HistoryOf(events)
	warnings, err := s.warnings(w.Run.Config)
	if err != nil {
		return err
	}
	w.Warnings = append(w.Warnings, warnings...)
	if err := s.unfinished(w, h); err != nil {
		return err
	}
	if err := s.Runs.report(w, events, h); err != nil {
		return err
	}
	if from := w.Run.Config.From; from != nil && from.Whole {
		w.Lead += fmt.Sprintf(" It continues from the last weights of %s with a new schedule.", filepath.Base(from.Run))
	}
	if err := w.Circumstances(s.Runs.Fields(), events); err != nil {
		return err
	}
	return w.overview(w.Run)
}

// added shows the sections of the stages that add to runs, in the order of All.
func (w page) added() error {
	for _, s := range All() {
		if s.added == nil {
			continue
		}
		if err := s.added(w); err != nil {
			return err
		}
	}
	return nil
}

// unfinished warns that a run is unfinished. A search may end before its last epoch.
func (s Stage) unfinished(w page, h report.History) error {
	_, epochs, err := s.Runs.extent(w.Run.Config)
	if err != nil {
		return err
	}
	result, err := w.Run.Result()
	if err == nil && result == nil && len(h.Epochs) < epochs {
		w.Warnings = append(w.Warnings, fmt.Sprintf("This %s has not ended: %d of %d epochs are done.", s.Noun, len(h.Epochs), epochs))
	}
	return err
}

// report reports on a run that has just ended, unless pages are switched off.
func (l *Env) report(r *run.Run) error {
	if l.NoPages {
		return nil
	}
	_, err := Report(r.Dir)
	return err
}

// results lists the files of an ended run whose contents its page shows.
var results = []string{"result.json", "test.json", "probe.json", "finetune.json", "attack.json", "calibration.json"}

// undrawn reports whether the page or a figure of a run is missing or older than one of its
// results. A process may have been killed while it drew them, or a user may have deleted some.
func undrawn(r *run.Run) bool {
	page, err := os.Stat(r.Path("report.html"))
	if err != nil {
		return true
	}
	if slices.ContainsFunc(results, func(name string) bool {
		info, err := os.Stat(r.Path(name))
		return err == nil && info.ModTime().After(page.ModTime())
	}) {
		return true
	}
	names, err := report.Drawn(r)
	return err != nil || slices.ContainsFunc(names, func(name string) bool {
		_, err := os.Stat(r.Path("figures", name))
		return err != nil
	})
}

// unreported draws the page of an ended run if it is undrawn. This process holds the run's lock.
func (l *Env) unreported(r *run.Run) error {
	if l.NoPages || !undrawn(r) {
		return nil
	}
	return l.report(r)
}

// shown draws the page of a run that was opened for reading, if it is undrawn. If another process
// works in the run, or its directory is read-only, no page is drawn.
func (l *Env) shown(r *run.Run) error {
	if l.NoPages || !undrawn(r) {
		r.Tidy()
		return nil
	}
	if err := r.Take(); err != nil {
		l.progress().say("the page is not drawn: %v", err)
		return nil
	}
	defer r.Close()
	return l.report(r)
}

// warnings returns sentences on the limits of the numbers: the embedded sample, few images, few
// epochs.
func (s Stage) warnings(c run.Config) (all []string, err error) {
	d := c.Data
	if d.Sample {
		all = append(all, fmt.Sprintf(
			"These images are %s, built into essnas (%s to train, %s to test), not the whole data set. The page shows how the method works, not how well.",
			d.Title, humanize.Comma(int64(d.Train)), humanize.Comma(int64(d.Test))))
	}
	images, epochs, err := s.Runs.extent(c)
	if err != nil {
		return nil, err
	}
	if images > 0 && images < d.Train || epochs < s.Runs.enough {
		used := d.Train
		if images > 0 {
			used = min(images, d.Train)
		}
		all = append(all, fmt.Sprintf(
			"This %s takes %s on %s images: far too little for a comparison with published results, which take %s. Read the numbers as a demonstration.",
			s.Noun, english.Plural(epochs, "epoch", ""), humanize.Comma(int64(used)), s.Runs.compared))
	}
	return all, nil
}
