package stage

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/cellgraph"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// searched reports on a search.
func (w page) searched(_ []run.Event, h report.History) error {
	r := w.Run
	chosen, err := settingsOf[settings.Search](r.Config)
	if err != nil {
		return err
	}
	w.Title = "A search on " + r.Config.Data.Title
	w.Lead = fmt.Sprintf("The search trained a supernet of %d cells, %d channels and K = %d, and at the same time the weights of the operations in its cells.", chosen.Cells, chosen.Channels, chosen.Partial)
	phases, err := chosen.PhaseList()
	if err != nil {
		return err
	}
	if len(phases) > 1 {
		w.Lead = fmt.Sprintf("%d supernets of K = %d were trained one after the other, deeper and with fewer operations each time.", len(phases), chosen.Partial)
	}
	w.Footer = "Written by essnas. One seed can't tell methods apart: repeat a search with other seeds before you compare."
	if n := len(h.Epochs); n > 0 {
		m := h.Metrics[n-1]
		frozen := fmt.Sprintf("alphas frozen in the first %d", chosen.Frozen)
		if len(phases) > 1 {
			frozen = fmt.Sprintf("in %d phases", len(phases))
		}
		w.Numbers = append(w.Numbers,
			report.Number{Name: "Accuracy of the supernet", Value: report.Percentage(m["train_accuracy"]), Note: fmt.Sprintf("on the weights' half; chance: %.3g %%", 100/float64(len(r.Config.Data.Classes)))},
			report.Number{Name: "Loss of the supernet", Value: fmt.Sprintf("%.3f", m["train_loss"]), Note: "nats, mean of the last epoch"},
			report.Number{Name: "Epochs", Value: fmt.Sprint(n), Note: frozen},
			report.Number{Name: "Time", Value: report.Clock(h.Seconds), Note: "on " + r.Config.Backend.Kind})
	}
	g, err := r.Genotype()
	if err != nil && len(h.Genotypes) > 0 && h.Genotypes[len(h.Genotypes)-1] != nil {
		g, err = *h.Genotypes[len(h.Genotypes)-1], nil // present state of the search
	}
	if err == nil {
		for _, text := range collapsed(g) {
			w.Warnings = append(w.Warnings, report.Capital(text)+".")
		}
		d := r.Config.Data
		weights, _ := network.New(g, 20, 36, len(d.Classes), d.Channels, d.Side, 96, false).Count()
		w.Numbers = append(w.Numbers, report.Number{Name: "Network of these cells", Value: humanize.Comma(int64(weights)), Note: "weights with 20 cells and 36 channels"})
		if err := w.Cells(w.Section("The cells found", "The cells that the final alphas select: for each state the two strongest edges, and on each edge the strongest operation other than none."), g); err != nil {
			return err
		}
	}
	if err := w.search(h); err != nil {
		return err
	}
	w.phases(phases, h)
	return w.Views(chosen.Views)
}

// phases shows the phases of a progressive search, and those that ended early.
func (w page) phases(phases []settings.Phase, h report.History) {
	if len(phases) < 2 && len(h.Stopped) == 0 {
		return
	}
	text := "Each phase has a network of its own. Its weights and alphas are initialised anew."
	for _, epoch := range slices.Sorted(maps.Keys(h.Stopped)) {
		text += fmt.Sprintf(" Epoch %d was the last of its phase: its normal cell had %d skip connections.", epoch, h.Stopped[epoch])
	}
	s := w.Section("Phases", text)
	var rows [][]string
	for _, p := range phases {
		rows = append(rows, []string{fmt.Sprint(p.Cells), fmt.Sprint(p.Channels), fmt.Sprint(p.Operations), fmt.Sprint(p.SkipDropout), fmt.Sprint(p.Epochs), fmt.Sprint(p.Frozen)})
	}
	s.Table("The phases of the settings. The alphas of the last phase give the cells.", []string{"cells", "channels", "operations on an edge", "dropout of skips", "epochs", "with alphas frozen"}, rows)
}

// search shows the course of a search.
func (w page) search(h report.History) error {
	s := w.Section("The search", "The weights learn on one half of the images, alphas and betas on the other half. Both losses should fall.")
	charts := []figure.Chart{
		{Title: "Loss", X: "epoch", Y: lossUnit(h), Series: []figure.Series{h.Series("weights' half", "train_loss", 1), h.Series("architecture's half", "arch_loss", 1)}},
		{Title: "Accuracy", X: "epoch", Y: "top-1 (%)", Series: []figure.Series{h.Series("weights' half", "train_accuracy", 100), h.Series("architecture's half", "arch_accuracy", 100)}},
		{Title: "Gradient norm, weights", X: "epoch", Y: "L2 norm", Series: []figure.Series{h.Series("weights, before clipping", "grad_norm", 1)}},
		{Title: "Gradient norm, architecture", X: "epoch", Y: "L2 norm", Series: []figure.Series{h.Series("alphas and betas", "arch_grad_norm", 1)}},
		{Title: "Learning rate of the weights", X: "epoch", Y: "learning rate", Series: []figure.Series{h.Series("weights", "lr", 1)}},
	}
	if h.Has("train_bt") {
		charts = append(charts,
			figure.Chart{Title: "Cross-entropy", X: "epoch", Y: "nats", Series: []figure.Series{h.Series("weights' half", "train_ce", 1), h.Series("architecture's half", "arch_ce", 1)}},
			figure.Chart{Title: "Barlow Twins loss", X: "epoch", Y: "sum over the embedding", Series: []figure.Series{h.Series("weights' half", "train_bt", 1), h.Series("architecture's half", "arch_bt", 1)}})
	}
	if h.Has("bt_grad_norm") {
		charts = append(charts,
			figure.Chart{Title: "Gradient norms of the two terms, weights", X: "epoch", Y: "L2 norm, without factors", Series: []figure.Series{h.Series("cross-entropy", "ce_grad_norm", 1), h.Series("Barlow Twins", "bt_grad_norm", 1)}},
			figure.Chart{Title: "Gradient norms of the two terms, architecture", X: "epoch", Y: "L2 norm, without factors", Series: []figure.Series{h.Series("cross-entropy", "arch_ce_grad_norm", 1), h.Series("Barlow Twins", "arch_bt_grad_norm", 1)}})
	}
	if h.Has("grad_cosine") {
		charts = append(charts, figure.Chart{Title: "Angle between the two terms' gradients", X: "epoch", Y: "cosine (-1: against each other)", Series: []figure.Series{h.Series("weights", "grad_cosine", 1), h.Series("alphas and betas", "arch_grad_cosine", 1)}})
	}
	if h.Has("train_balance") {
		charts = append(charts, figure.Chart{Title: "Balance of the two terms", X: "epoch", Y: "factor of Barlow Twins", Series: []figure.Series{h.Series("weights", "train_balance", 1), h.Series("architecture", "arch_balance", 1)}})
	}
	if h.Has("eigenvalue") {
		charts = append(charts, figure.Chart{Title: "Largest eigenvalue of the Hessian in the alphas", X: "epoch", Y: "of the validation loss", Series: []figure.Series{h.Series("architecture's half", "eigenvalue", 1)}})
	}
	w.Show(s, "search-curves", figure.Curves(charts...), "Loss, accuracy, gradient norms and learning rate over the search. Each batch is measured before its step.")
	if len(h.Alphas[0]) == 0 {
		return nil
	}
	s = w.Section("NAS in action", "The slider shows the cells of each epoch.")
	frames, err := evolution(h)
	if err != nil {
		return err
	}
	s.Slider("The cells that the alphas of each epoch select.", frames)
	for t, name := range []string{"normal", "reduction"} {
		w.Show(s, name+"-alphas", figure.AlphaHistory(report.Capital(name)+" cell: alphas over the search", h.Operations, h.At, h.Alphas[t]),
			fmt.Sprintf("The edges of the %s cell, each with its operations. The colours range from the smallest to the largest value.", name))
	}
	last := len(h.Alphas[0]) - 1
	w.Show(s, "alphas", figure.Alphas(fmt.Sprintf("After epoch %g", h.At[last]), h.Operations, h.Alphas[0][last], h.Alphas[1][last]), "The alphas at the end. They add up to 1 over the operations of an edge.")
	if normalised(h.Betas[0]) {
		for t, name := range []string{"normal", "reduction"} {
			w.Show(s, name+"-betas", figure.Betas(report.Capital(name)+" cell", h.At, h.Betas[t]), fmt.Sprintf("Edge normalisation of the %s cell: the weight of each edge in the sum of its state.", name))
		}
	}
	return nil
}

// normalised reports whether the search had edge normalisation: without it every beta is 1.
func normalised(betas [][]float64) bool {
	for _, epoch := range betas {
		for _, beta := range epoch {
			if beta != 1 {
				return true
			}
		}
	}
	return false
}

// evolution returns a frame for each series of epochs with equal cells.
func evolution(h report.History) (frames []report.Frame, err error) {
	for i := 0; i < len(h.Genotypes); {
		g := h.Genotypes[i]
		end := i + 1
		for end < len(h.Genotypes) && g != nil && h.Genotypes[end] != nil && h.Genotypes[end].Python() == g.Python() {
			end++
		}
		name := fmt.Sprintf("epoch %g", h.At[i])
		if end > i+1 {
			name = fmt.Sprintf("epochs %g to %g", h.At[i], h.At[end-1])
		}
		i = end
		if g == nil {
			continue
		}
		frame := report.Frame{Name: name}
		for _, draw := range []struct {
			title string
			draw  func(string, cell.Genotype) (figure.Figure, error)
		}{{"Normal cell, " + name, cellgraph.Normal}, {"Reduction cell, " + name, cellgraph.Reduction}} {
			f, err := draw.draw(draw.title, *g)
			if err != nil {
				return nil, err
			}
			frame.Figures = append(frame.Figures, f)
		}
		frames = append(frames, frame)
	}
	return frames, nil
}

// lossUnit names the unit of the loss.
func lossUnit(h report.History) string {
	if h.Has("train_bt") {
		return "mixed loss"
	}
	return "cross-entropy (nats)"
}

// halves returns the charts of losses and accuracies on both halves of the images. For a search
// with two views it adds the charts of the two terms of the loss.
func halves(h report.History) []figure.Chart {
	chart := func(title, unit, metric string, factor float64) figure.Chart {
		return figure.Chart{Title: title, X: "epoch", Y: unit, Series: []figure.Series{
			h.Series("weights' half", "train_"+metric, factor), h.Series("architecture's half", "arch_"+metric, factor)}}
	}
	charts := []figure.Chart{chart("Loss", lossUnit(h), "loss", 1), chart("Accuracy", "top-1 (%)", "accuracy", 100)}
	if h.Has("train_bt") {
		charts = append(charts, chart("Cross-entropy", "nats", "ce", 1), chart("Barlow Twins loss", "sum over the embedding", "bt", 1))
	}
	return charts
}
