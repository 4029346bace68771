package stage

import (
	"fmt"

	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
)

// Overview draws the present state of a run in one figure: for a search the losses, accuracies,
// alphas and the cells derived from them, for a training the losses and accuracies. The text is a
// summary in one or two lines. Overview returns an error if a file of the run is damaged.
func Overview(r *run.Run) (f figure.Figure, text string, err error) {
	events, err := r.Events()
	if err != nil {
		return f, "", err
	}
	h := report.HistoryOf(events)
	s, err := of(r)
	if err != nil {
		return f, "", err
	}
	notes, err := s.warnings(r.Config)
	if err != nil {
		return f, "", err
	}
	parts, err := s.Runs.overview(h)
	if err != nil {
		return f, "", err
	}
	if len(notes) > 0 {
		parts = append(parts, figure.Note(notes...))
	}
	return figure.Stack(parts...), summary(h), nil
}

// summary describes the state of a run in a line or two.
func summary(h report.History) string {
	n := len(h.Epochs)
	if n == 0 {
		return "no epoch has ended yet"
	}
	text := fmt.Sprintf("after epoch %d%s", n, describe(h.Metrics[n-1]))
	if len(h.Genotypes) > 0 && h.Genotypes[len(h.Genotypes)-1] != nil {
		text += "\n" + h.Genotypes[len(h.Genotypes)-1].Python()
	}
	return text
}

// overview saves the run's overview with its other figures and its text.
func (w page) overview(r *run.Run) error {
	f, text, err := Overview(r)
	if err != nil {
		return err
	}
	w.Draw("overview", f)
	return atomicfile.WriteBytes(r.Path("figures", "overview.txt"), []byte(text+"\n"))
}
