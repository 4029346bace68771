package lab

import (
	"fmt"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/report"
)

// pretrained reports on a pretraining, and on its probe if there was one.
func (w *writer) pretrained(r *Run) error {
	chosen, err := settingsOf[settings.Pretrain](r.Config)
	if err != nil {
		return err
	}
	events, err := r.Events()
	if err != nil {
		return err
	}
	g, err := r.Genotype()
	if err != nil {
		return err
	}
	h := historyOf(events)
	w.page.Title = "Features without labels, on " + r.Config.Data.Title
	w.page.Lead = fmt.Sprintf("A network of %d cells and %d channels from the cells of %s learned from images alone, by Barlow Twins (arXiv:2103.03230).", chosen.Cells, chosen.Channels, cellsName(r.Config))
	w.page.Footer = "Written by essnas. One seed separates nothing: repeat with other seeds before comparing."
	w.warn(r, chosen.Images, chosen.Epochs, 50)
	if len(h.epochs) < chosen.Epochs {
		w.page.Warnings = append(w.page.Warnings, fmt.Sprintf("This pretraining has not ended: %d of %d epochs are done.", len(h.epochs), chosen.Epochs))
	}
	w.pretrainNumbers(r, h)
	s := w.page.Section("Pretraining", "No label takes part. What the features are worth is measured by the nearest neighbours of images held back.")
	w.show(s, "pretraining-curves", figure.Curves(h.pretraining()...),
		"Loss over the embedding, and how many of the held-back images their nearest training images (cosine of the features, weighted vote) classify right. "+
			"Spread and rank tell of a collapse: they fall towards 0 and 1 if all images come to look the same.")
	if err := w.views(r, chosen.Views); err != nil {
		return err
	}
	if err := w.probed(r); err != nil {
		return err
	}
	if err := w.finetuned(r); err != nil {
		return err
	}
	if err := w.cells(w.page.Section("The cells", "From "+cellsName(r.Config)+"."), g); err != nil {
		return err
	}
	return w.circumstances(r, events)
}

// pretraining are the charts of a pretraining.
func (h history) pretraining() []figure.Chart {
	knn := figure.Chart{Title: "Nearest neighbours", X: "epoch", Y: "top-1 (%)", Series: []figure.Series{h.series("features", "knn_accuracy", 100)}}
	for _, base := range [][2]string{{"untrained network", "knn_untrained"}, {"pixels", "knn_pixels"}} {
		if len(h.metrics) > 0 {
			if value, ok := h.metrics[0][base[1]]; ok {
				last := float64(max(2, len(h.epochs)))
				knn.Series = append(knn.Series, figure.Series{Name: base[0], X: []float64{0, last}, Y: []float64{100 * value, 100 * value}})
			}
		}
	}
	return []figure.Chart{
		{Title: "Barlow Twins loss", X: "epoch", Y: "sum over the embedding", Series: []figure.Series{h.series("training", "train_loss", 1)}},
		knn,
		{Title: "Spread of the features", X: "epoch", Y: "1: the whole sphere", Series: []figure.Series{h.series("held-back images", "spread", 1)}},
		{Title: "Rank of the features", X: "epoch", Y: "directions", Series: []figure.Series{h.series("held-back images", "rank", 1)}},
		{Title: "Learning rate", X: "epoch", Y: "learning rate", Series: []figure.Series{h.series("weights", "lr", 1)}},
		{Title: "Gradient norm", X: "epoch", Y: "L2 norm", Series: []figure.Series{h.series("weights", "grad_norm", 1)}},
	}
}

// pretrainNumbers are what matters most of a pretraining.
func (w *writer) pretrainNumbers(r *Run, h history) {
	n := len(h.metrics)
	if n == 0 {
		return
	}
	first, last := h.metrics[0], h.metrics[n-1]
	w.page.Numbers = append(w.page.Numbers, report.Number{Name: "Barlow Twins loss", Value: fmt.Sprintf("%.2f", last["train_loss"]), Note: fmt.Sprintf("from %.2f in the first epoch", first["train_loss"])})
	for i := n - 1; i >= 0; i-- {
		if x, ok := h.metrics[i]["knn_accuracy"]; ok {
			w.page.Numbers = append(w.page.Numbers, report.Number{Name: "Nearest neighbours", Value: percentage(x),
				Note: fmt.Sprintf("of held-back images, after epoch %d; pixels: %s, untrained network: %s", i+1, percentage(first["knn_pixels"]), percentage(first["knn_untrained"]))})
			break
		}
	}
	w.page.Numbers = append(w.page.Numbers, report.Number{Name: "Time", Value: clock(h.seconds), Note: "on " + r.Config.Backend.Kind})
}
