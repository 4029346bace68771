package stage

import (
	"fmt"

	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// pretrained reports on a pretraining, and on its probe if there is one.
func (w page) pretrained(_ []run.Event, h report.History) error {
	r := w.Run
	chosen, err := settingsOf[settings.Pretrain](r.Config)
	if err != nil {
		return err
	}
	g, err := r.Genotype()
	if err != nil {
		return err
	}
	w.Title = "Features without labels, on " + r.Config.Data.Title
	w.Lead = fmt.Sprintf("A network of %d cells and %d channels from the cells of %s learned from images alone, by Barlow Twins (arXiv:2103.03230).", chosen.Cells, chosen.Channels, report.CellsName(r.Config))
	w.Footer = "Written by essnas. One seed can't tell methods apart: repeat with other seeds before you compare."
	w.pretrainNumbers(r, h)
	s := w.Section("Pretraining", "The training uses no labels. Nearest neighbours of held-back images measure the quality of the features.")
	w.Show(s, "pretraining-curves", figure.Curves(pretrainingCharts(h)...),
		"Loss over the embedding, and the share of held-back images that their nearest training images (cosine of the features, weighted vote) classify correctly. "+
			"Spread and rank show a collapse: they fall towards 0 and 1 if all images get the same features.")
	if err := w.Views(chosen.Views); err != nil {
		return err
	}
	if err := w.added(); err != nil {
		return err
	}
	return w.Cells(w.Section("The cells", "From "+report.CellsName(r.Config)+"."), g)
}

// pretrainingCharts returns the charts of a pretraining.
func pretrainingCharts(h report.History) []figure.Chart {
	knn := figure.Chart{Title: "Nearest neighbours", X: "epoch", Y: "top-1 (%)", Series: []figure.Series{h.Series("features", "knn_accuracy", 100)}}
	for _, base := range [][2]string{{"untrained network", "knn_untrained"}, {"pixels", "knn_pixels"}} {
		if len(h.Metrics) > 0 {
			if value, ok := h.Metrics[0][base[1]]; ok {
				last := float64(max(2, len(h.Epochs)))
				knn.Series = append(knn.Series, figure.Series{Name: base[0], X: []float64{0, last}, Y: []float64{100 * value, 100 * value}})
			}
		}
	}
	return []figure.Chart{
		{Title: "Barlow Twins loss", X: "epoch", Y: "sum over the embedding", Series: []figure.Series{h.Series("training", "train_loss", 1)}},
		knn,
		{Title: "Spread of the features", X: "epoch", Y: "1: the whole sphere", Series: []figure.Series{h.Series("held-back images", "spread", 1)}},
		{Title: "Rank of the features", X: "epoch", Y: "directions", Series: []figure.Series{h.Series("held-back images", "rank", 1)}},
		{Title: "Learning rate", X: "epoch", Y: "learning rate", Series: []figure.Series{h.Series("weights", "lr", 1)}},
		{Title: "Gradient norm", X: "epoch", Y: "L2 norm", Series: []figure.Series{h.Series("weights", "grad_norm", 1)}},
	}
}

// pretrainNumbers shows the key numbers of a pretraining.
func (w page) pretrainNumbers(r *run.Run, h report.History) {
	n := len(h.Metrics)
	if n == 0 {
		return
	}
	first, last := h.Metrics[0], h.Metrics[n-1]
	w.Numbers = append(w.Numbers, report.Number{Name: "Barlow Twins loss", Value: fmt.Sprintf("%.2f", last["train_loss"]), Note: fmt.Sprintf("from %.2f in the first epoch", first["train_loss"])})
	for i := n - 1; i >= 0; i-- {
		if x, ok := h.Metrics[i]["knn_accuracy"]; ok {
			w.Numbers = append(w.Numbers, report.Number{Name: "Nearest neighbours", Value: report.Percentage(x),
				Note: fmt.Sprintf("of held-back images, after epoch %d; pixels: %s, untrained network: %s", i+1, report.Percentage(first["knn_pixels"]), report.Percentage(first["knn_untrained"]))})
			break
		}
	}
	w.Numbers = append(w.Numbers, report.Number{Name: "Time", Value: report.Clock(h.Seconds), Note: "on " + r.Config.Backend.Kind})
}
