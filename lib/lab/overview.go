package lab

import (
	"fmt"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/cellgraph"
	"github.com/essnas/essnas/lib/internal/whole"
)

// Overview draws where a run stands by now, in one figure: of a search the losses, accuracies, alphas and the cells that they stand for; of a training the
// losses and accuracies. The text says the same where pictures can't be seen.
func Overview(r *Run) (f figure.Figure, text string, err error) {
	events, err := r.Events()
	if err != nil {
		return f, "", err
	}
	h := historyOf(events)
	var parts []figure.Figure
	var notes []string
	switch r.Config.Stage {
	case StageTrain:
		s, err := settingsOf[settings.Train](r.Config)
		if err != nil {
			return f, "", err
		}
		notes = warnings(r.Config, s.Images, s.Epochs, 100)
		parts = append(parts, figure.Curves(
			figure.Chart{Title: "Loss", X: "epoch", Y: "cross-entropy (nats)", Series: []figure.Series{h.series("training", "train_loss", 1), h.series("validation", "val_loss", 1)}},
			figure.Chart{Title: "Accuracy", X: "epoch", Y: "top-1 (%)", Series: []figure.Series{h.series("training", "train_accuracy", 100), h.series("validation", "val_accuracy", 100)}}))
	case StagePretrain:
		s, err := settingsOf[settings.Pretrain](r.Config)
		if err != nil {
			return f, "", err
		}
		notes = warnings(r.Config, s.Images, s.Epochs, 50)
		parts = append(parts, figure.Curves(h.pretraining()...))
	default:
		if notes, err = searchWarnings(r.Config); err != nil {
			return f, "", err
		}
		parts = append(parts, figure.Curves(h.halves()...))
		cells, err := h.cells()
		if err != nil {
			return f, "", err
		}
		parts = append(parts, cells...)
	}
	if len(notes) > 0 {
		parts = append(parts, figure.Note(notes...))
	}
	return figure.Stack(parts...), h.summary(), nil
}

// searchWarnings are the warnings of a search.
func searchWarnings(c Config) ([]string, error) {
	s, err := settingsOf[settings.Search](c)
	if err != nil {
		return nil, err
	}
	phases, err := s.PhaseList()
	epochs := 0
	for _, p := range phases {
		epochs += p.Epochs
	}
	return warnings(c, s.Images, epochs, 25), err
}

// halves are the charts of both halves' losses and accuracies; where two views took part, of both terms of the loss, too.
func (h history) halves() []figure.Chart {
	chart := func(title, unit, metric string, factor float64) figure.Chart {
		return figure.Chart{Title: title, X: "epoch", Y: unit, Series: []figure.Series{
			h.series("weights' half", "train_"+metric, factor), h.series("architecture's half", "arch_"+metric, factor)}}
	}
	charts := []figure.Chart{chart("Loss", lossUnit(h), "loss", 1), chart("Accuracy", "top-1 (%)", "accuracy", 100)}
	if h.has("train_bt") {
		charts = append(charts, chart("Cross-entropy", "nats", "ce", 1), chart("Barlow Twins loss", "sum over the embedding", "bt", 1))
	}
	return charts
}

// cells are drawings of the last epoch's alphas and of the cells that they stand for.
func (h history) cells() (parts []figure.Figure, err error) {
	last := len(h.at) - 1
	if last < 0 {
		return nil, nil
	}
	parts = append(parts, figure.Alphas(fmt.Sprintf("After epoch %g", h.at[last]), cell.Primitives, h.alphas[0][last], h.alphas[1][last]))
	g := h.genotypes[last]
	if g == nil {
		return parts, nil
	}
	normal, err := cellgraph.Normal("Normal cell", *g)
	if err != nil {
		return nil, err
	}
	reduction, err := cellgraph.Reduction("Reduction cell", *g)
	return append(parts, normal, reduction), err
}

// summary says in a line or two where a run stands.
func (h history) summary() string {
	n := len(h.epochs)
	if n == 0 {
		return "no epoch has ended yet"
	}
	text := fmt.Sprintf("after epoch %d%s", n, describe(h.metrics[n-1]))
	if len(h.genotypes) > 0 && h.genotypes[len(h.genotypes)-1] != nil {
		text += "\n" + h.genotypes[len(h.genotypes)-1].Python()
	}
	return text
}

// overview saves the run's overview beside its other figures, with its text.
func (w *writer) overview(r *Run) error {
	f, text, err := Overview(r)
	if err != nil {
		return err
	}
	w.save("overview", f)
	return whole.WriteBytes(r.Path("figures", "overview.txt"), []byte(text+"\n"))
}
