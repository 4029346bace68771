package lab

import (
	"fmt"

	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/cellgraph"
	"github.com/essnas/essnas/lib/ops"
)

// Live draws where a run stands by now, in one figure: of a search the losses, accuracies, alphas and the cells that they stand for; of a training the
// losses and accuracies. The text says the same where pictures can't be seen.
func Live(dir string) (f figure.Figure, text string, err error) {
	r, err := OpenRun(dir)
	if err != nil {
		return f, "", err
	}
	events, err := r.Events()
	if err != nil {
		return f, "", err
	}
	h := historyOf(events)
	if r.Config.Stage == StageTrain {
		f = figure.Curves(
			figure.Chart{Title: "Loss", X: "epoch", Y: "cross-entropy (nats)", Series: []figure.Series{h.series("training", "train_loss", 1), h.series("validation", "val_loss", 1)}},
			figure.Chart{Title: "Accuracy", X: "epoch", Y: "top-1 (%)", Series: []figure.Series{h.series("training", "train_accuracy", 100), h.series("validation", "val_accuracy", 100)}})
		return f, h.summary(), nil
	}
	curves := []figure.Chart{
		{Title: "Loss", X: "epoch", Y: lossUnit(h), Series: []figure.Series{h.series("weights' half", "train_loss", 1), h.series("architecture's half", "arch_loss", 1)}},
		{Title: "Accuracy", X: "epoch", Y: "top-1 (%)", Series: []figure.Series{h.series("weights' half", "train_accuracy", 100), h.series("architecture's half", "arch_accuracy", 100)}},
	}
	if h.has("train_bt") {
		curves = append(curves,
			figure.Chart{Title: "Cross-entropy", X: "epoch", Y: "nats", Series: []figure.Series{h.series("weights' half", "train_ce", 1), h.series("architecture's half", "arch_ce", 1)}},
			figure.Chart{Title: "Barlow Twins loss", X: "epoch", Y: "sum over the embedding", Series: []figure.Series{h.series("weights' half", "train_bt", 1), h.series("architecture's half", "arch_bt", 1)}})
	}
	parts := []figure.Figure{figure.Curves(curves...)}
	if last := len(h.at) - 1; last >= 0 {
		parts = append(parts, figure.Alphas(fmt.Sprintf("After epoch %g", h.at[last]), ops.Primitives, h.alphas[0][last], h.alphas[1][last]))
		if g := h.genotypes[last]; g != nil {
			normal, err := cellgraph.Normal("Normal cell", *g)
			if err != nil {
				return f, "", err
			}
			reduction, err := cellgraph.Reduction("Reduction cell", *g)
			if err != nil {
				return f, "", err
			}
			parts = append(parts, normal, reduction)
		}
	}
	return figure.Stack(parts...), h.summary(), nil
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
