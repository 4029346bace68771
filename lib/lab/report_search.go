package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/settings"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/cellgraph"
	"github.com/essnas/essnas/lib/figure/report"
	"github.com/essnas/essnas/lib/network"
)

// searched reports on a search.
func (w *writer) searched(r *Run) error {
	chosen, err := settingsOf[settings.Search](r.Config)
	if err != nil {
		return err
	}
	events, err := r.Events()
	if err != nil {
		return err
	}
	h := historyOf(events)
	w.page.Title = "A search on " + r.Config.Data.Title
	w.page.Lead = fmt.Sprintf("A supernet of %d cells, %d channels and K = %d was trained while it was decided which operations its cells keep.", chosen.Cells, chosen.Channels, chosen.Partial)
	phases, err := chosen.PhaseList()
	if err != nil {
		return err
	}
	epochs := 0
	for _, p := range phases {
		epochs += p.Epochs
	}
	if len(phases) > 1 {
		w.page.Lead = fmt.Sprintf("%d supernets of K = %d were trained one after the other, deeper and with fewer operations each time.", len(phases), chosen.Partial)
	}
	w.page.Footer = "Written by essnas. One seed separates nothing: repeat a search with other seeds before comparing."
	w.warn(r, chosen.Images, epochs, 25)
	result, err := r.Result()
	if err != nil {
		return err
	}
	if len(h.epochs) < epochs && result == nil {
		w.page.Warnings = append(w.page.Warnings, fmt.Sprintf("This search has not ended: %d of %d epochs are done.", len(h.epochs), epochs))
	}
	if n := len(h.epochs); n > 0 {
		m := h.metrics[n-1]
		frozen := fmt.Sprintf("alphas frozen in the first %d", chosen.Frozen)
		if len(phases) > 1 {
			frozen = fmt.Sprintf("in %d phases", len(phases))
		}
		w.page.Numbers = append(w.page.Numbers,
			report.Number{Name: "Accuracy of the supernet", Value: percentage(m["train_accuracy"]), Note: fmt.Sprintf("on the weights' half; chance: %.3g %%", 100/float64(len(r.Config.Data.Classes)))},
			report.Number{Name: "Loss of the supernet", Value: fmt.Sprintf("%.3f", m["train_loss"]), Note: "nats, mean of the last epoch"},
			report.Number{Name: "Epochs", Value: fmt.Sprint(n), Note: frozen},
			report.Number{Name: "Time", Value: clock(h.seconds), Note: "on " + r.Config.Backend.Kind})
	}
	g, err := r.Genotype()
	if err != nil && len(h.genotypes) > 0 && h.genotypes[len(h.genotypes)-1] != nil {
		g, err = *h.genotypes[len(h.genotypes)-1], nil // where the search stands by now
	}
	if err == nil {
		if text := Collapsed(g); text != "" {
			w.page.Warnings = append(w.page.Warnings, capital(text)+".")
		}
		d := r.Config.Data
		weights, _ := network.New(g, 20, 36, len(d.Classes), d.Channels, d.Side, 96, false).Count()
		w.page.Numbers = append(w.page.Numbers, report.Number{Name: "Network of these cells", Value: humanize.Comma(int64(weights)), Note: "weights with 20 cells and 36 channels"})
		if err := w.cells(w.page.Section("The cells found", "What the alphas stand for at the end: for each state the two strongest edges, on each the strongest operation but none."), g); err != nil {
			return err
		}
	}
	if err := w.search(h); err != nil {
		return err
	}
	w.phases(phases, h)
	if err := w.views(r, chosen.Views); err != nil {
		return err
	}
	return w.circumstances(r, events)
}

// phases shows those of a progressive search, and which epochs ended one early.
func (w *writer) phases(phases []settings.Phase, h history) {
	if len(phases) < 2 && len(h.stopped) == 0 {
		return
	}
	text := "Each phase has a network of its own; weights and alphas start afresh."
	for _, epoch := range slices.Sorted(maps.Keys(h.stopped)) {
		text += fmt.Sprintf(" Epoch %d was the last of its phase: its normal cell had %d skip connections.", epoch, h.stopped[epoch])
	}
	s := w.page.Section("Phases", text)
	var rows [][]string
	for _, p := range phases {
		rows = append(rows, []string{fmt.Sprint(p.Cells), fmt.Sprint(p.Channels), fmt.Sprint(p.Operations), fmt.Sprint(p.SkipDropout), fmt.Sprint(p.Epochs), fmt.Sprint(p.Frozen)})
	}
	s.Table("As they were asked for; the last phase's alphas make the cells.", []string{"cells", "channels", "operations on an edge", "dropout of skips", "epochs", "with alphas frozen"}, rows)
}

// search shows how a search went.
func (w *writer) search(h history) error {
	s := w.page.Section("The search", "Weights learn on one half of the images, alphas and betas on the other; both losses should fall.")
	charts := []figure.Chart{
		{Title: "Loss", X: "epoch", Y: lossUnit(h), Series: []figure.Series{h.series("weights' half", "train_loss", 1), h.series("architecture's half", "arch_loss", 1)}},
		{Title: "Accuracy", X: "epoch", Y: "top-1 (%)", Series: []figure.Series{h.series("weights' half", "train_accuracy", 100), h.series("architecture's half", "arch_accuracy", 100)}},
		{Title: "Gradient norm, weights", X: "epoch", Y: "L2 norm", Series: []figure.Series{h.series("weights, before clipping", "grad_norm", 1)}},
		{Title: "Gradient norm, architecture", X: "epoch", Y: "L2 norm", Series: []figure.Series{h.series("alphas and betas", "arch_grad_norm", 1)}},
		{Title: "Learning rate of the weights", X: "epoch", Y: "learning rate", Series: []figure.Series{h.series("weights", "lr", 1)}},
	}
	if h.has("train_bt") {
		charts = append(charts,
			figure.Chart{Title: "Cross-entropy", X: "epoch", Y: "nats", Series: []figure.Series{h.series("weights' half", "train_ce", 1), h.series("architecture's half", "arch_ce", 1)}},
			figure.Chart{Title: "Barlow Twins loss", X: "epoch", Y: "sum over the embedding", Series: []figure.Series{h.series("weights' half", "train_bt", 1), h.series("architecture's half", "arch_bt", 1)}})
	}
	if h.has("bt_grad_norm") {
		charts = append(charts,
			figure.Chart{Title: "Gradient norms of the two terms, weights", X: "epoch", Y: "L2 norm, without factors", Series: []figure.Series{h.series("cross-entropy", "ce_grad_norm", 1), h.series("Barlow Twins", "bt_grad_norm", 1)}},
			figure.Chart{Title: "Gradient norms of the two terms, architecture", X: "epoch", Y: "L2 norm, without factors", Series: []figure.Series{h.series("cross-entropy", "arch_ce_grad_norm", 1), h.series("Barlow Twins", "arch_bt_grad_norm", 1)}})
	}
	if h.has("train_balance") {
		charts = append(charts, figure.Chart{Title: "Balance of the two terms", X: "epoch", Y: "factor of Barlow Twins", Series: []figure.Series{h.series("weights", "train_balance", 1), h.series("architecture", "arch_balance", 1)}})
	}
	if h.has("eigenvalue") {
		charts = append(charts, figure.Chart{Title: "Largest eigenvalue of the Hessian in the alphas", X: "epoch", Y: "of the validation loss", Series: []figure.Series{h.series("architecture's half", "eigenvalue", 1)}})
	}
	w.show(s, "search-curves", figure.Curves(charts...), "Loss, accuracy, gradient norms and learning rate over the search. A batch is measured before the step that it makes.")
	if len(h.alphas[0]) == 0 {
		return nil
	}
	s = w.page.Section("NAS in action", "How the cells take shape: move the slider through the epochs.")
	frames, err := evolution(h)
	if err != nil {
		return err
	}
	s.Slider("The cells that the alphas of each epoch stand for.", frames)
	for t, name := range []string{"normal", "reduction"} {
		w.show(s, name+"-alphas", figure.AlphaHistory(title(name)+" cell: alphas over the search", cell.Primitives, h.at, h.alphas[t]),
			fmt.Sprintf("The %s cell's edges, each with its eight operations. The scale of colours goes from the smallest to the largest value that occurs.", name))
	}
	last := len(h.alphas[0]) - 1
	w.show(s, "alphas", figure.Alphas(fmt.Sprintf("After epoch %g", h.at[last]), cell.Primitives, h.alphas[0][last], h.alphas[1][last]), "The alphas at the end, as numbers. Over the operations of an edge they add up to 1.")
	if normalised(h.betas[0]) {
		for t, name := range []string{"normal", "reduction"} {
			w.show(s, name+"-betas", figure.Betas(title(name)+" cell", h.at, h.betas[t]), fmt.Sprintf("Edge normalisation of the %s cell: how much each state takes from each edge that enters it.", name))
		}
	}
	return nil
}

// capital begins a sentence.
func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func title(name string) string { return string(name[0]-'a'+'A') + name[1:] }

// normalised says whether there was edge normalisation: without it every edge has weight 1.
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

// evolution is a frame for every stretch of epochs in which the cells did not change.
func evolution(h history) (frames []report.Frame, err error) {
	for i := 0; i < len(h.genotypes); {
		g := h.genotypes[i]
		end := i + 1
		for end < len(h.genotypes) && g != nil && h.genotypes[end] != nil && h.genotypes[end].Python() == g.Python() {
			end++
		}
		name := fmt.Sprintf("epoch %g", h.at[i])
		if end > i+1 {
			name = fmt.Sprintf("epochs %g to %g", h.at[i], h.at[end-1])
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

// lossUnit names what the loss is measured in.
func lossUnit(h history) string {
	if h.has("train_bt") {
		return "mixed loss"
	}
	return "cross-entropy (nats)"
}

// has says whether a metric was recorded.
func (h history) has(metric string) bool {
	for _, m := range h.metrics {
		if _, ok := m[metric]; ok {
			return true
		}
	}
	return false
}
