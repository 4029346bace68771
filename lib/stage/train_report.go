package stage

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// trained reports on a training, on its test if there is one, and on the search of its cell if that
// run still exists.
func (w page) trained(_ []run.Event, h report.History) error {
	r := w.Run
	chosen, err := settingsOf[settings.Train](r.Config)
	if err != nil {
		return err
	}
	test, err := r.Test()
	if err != nil {
		return err
	}
	g, err := r.Genotype()
	if err != nil {
		return err
	}
	w.Title = "A found network on " + r.Config.Data.Title
	w.Lead = fmt.Sprintf("A network of %d cells and %d channels was built from the cells of %s, trained, and tested once at the end.", chosen.Cells, chosen.Channels, report.CellsName(r.Config))
	if test == nil {
		w.Lead = fmt.Sprintf("A network of %d cells and %d channels was built from the cells of %s and trained. It has not been tested yet: %s", chosen.Cells, chosen.Channels, report.CellsName(r.Config), run.Command("test", "--run", r.Dir))
	}
	if from := r.Config.From; from != nil && !from.Whole {
		w.Lead += fmt.Sprintf(" It began with the weights of %s and a new classifier.", filepath.Base(from.Run))
	}
	w.Footer = "Written by essnas. The interval covers the sampling of the test images, not the seed: repeat with other seeds before comparing."
	w.trainNumbers(r, h, test, chosen, len(r.Config.Data.Classes))
	if err := w.added(); err != nil {
		return err
	}
	s := w.Section("Training", "The run keeps the weights of the epoch with the lowest validation loss. Validation images are held back from the training images; the training does not read the test set.")
	w.Show(s, "training-curves", figure.Curves(append(trainingCharts(h),
		figure.Chart{Title: "Learning rate", X: "epoch", Y: "learning rate", Series: []figure.Series{h.Series("weights", "lr", 1)}},
		figure.Chart{Title: "Gradient norm", X: "epoch", Y: "L2 norm", Series: []figure.Series{h.Series("weights", "grad_norm", 1)}},
	)...), "The training curves are measured on augmented images, with drop path, while the weights change. The validation curves are measured on plain images at the end of each epoch.")
	w.tradeOff(h, chosen)
	if err := w.Cells(w.Section("The cells", "From "+report.CellsName(r.Config)+"."), g); err != nil {
		return err
	}
	if found := foundBy(r.Config); found != nil {
		events, err := found.Events()
		if err != nil {
			return err
		}
		if err := w.search(report.HistoryOf(events)); err != nil {
			return err
		}
		s := w.Section("Settings of the search", "Its own report and record are in "+found.Dir+".")
		if err := report.SettingsTable(s, found.Config, searchStage().Runs.Fields()); err != nil {
			return err
		}
		s.Table("Times of the search.", nil, report.Timings(events))
	}
	return nil
}

// trainNumbers shows the key numbers of a training: the result of the test, or that of the best
// validation if there was no test.
func (w page) trainNumbers(r *run.Run, h report.History, test *run.Test, chosen settings.Train, classes int) {
	chance := fmt.Sprintf("chance: %.3g %%", 100/float64(classes))
	if test != nil {
		t := test.Table
		w.Numbers = append(w.Numbers,
			report.Number{Name: "Test accuracy", Value: report.Percentage(t.Top1), Note: report.Interval(t.Top1Range) + "; " + chance},
			report.Number{Name: "Top-5", Value: report.Percentage(t.Top5), Note: report.Interval(t.Top5Range)},
			report.Number{Name: "Test loss", Value: fmt.Sprintf("%.3f", t.Loss), Note: fmt.Sprintf("nats, mean over %s images", humanize.Comma(int64(t.Images)))},
			report.Number{Name: "Weights", Value: humanize.Comma(int64(test.Weights)), Note: fmt.Sprintf("%s M multiply-adds an image", humanize.FtoaWithDigits(float64(test.MACs)/1e6, 1))})
	} else if h.Best >= 0 {
		m := h.Metrics[h.Best]
		w.Numbers = append(w.Numbers,
			report.Number{Name: "Validation accuracy", Value: report.Percentage(m["val_accuracy"]), Note: chance},
			report.Number{Name: "Validation loss", Value: fmt.Sprintf("%.3f", m["val_loss"]), Note: "nats"})
	}
	if h.Best >= 0 {
		w.Numbers = append(w.Numbers, report.Number{Name: "Best epoch", Value: fmt.Sprint(h.Best + 1), Note: fmt.Sprintf("of %d, by validation loss", chosen.Epochs)})
	}
	if h.Seconds > 0 {
		w.Numbers = append(w.Numbers, report.Number{Name: "Training time", Value: report.Clock(h.Seconds), Note: "on " + r.Config.Backend.Kind})
	}
}

// foundBy returns the search that found a training's cell. It returns nil if the cell was published
// or read from a file, or if the search no longer exists.
func foundBy(c run.Config) *run.Run {
	if info, err := os.Stat(c.Cells); c.Cells == "" || err != nil || !info.IsDir() {
		return nil
	}
	r, err := run.Open(c.Cells)
	if err != nil || !searchStage().made(r) {
		return nil
	}
	if g, err := r.Genotype(); err != nil || c.Genotype == nil || g.Python() != c.Genotype.Python() {
		return nil
	}
	return r
}

// trainingCharts returns the losses and accuracies of a training.
func trainingCharts(h report.History) []figure.Chart {
	loss := []figure.Series{h.Series("training", "train_loss", 1), h.Series("validation", "val_loss", 1)}
	accuracy := []figure.Series{h.Series("training", "train_accuracy", 100), h.Series("validation", "val_accuracy", 100)}
	if adversarial(h) {
		loss = append(loss, h.Series("validation, attacked", "val_robust_loss", 1))
		accuracy = append(accuracy, h.Series("validation, attacked", "val_robust_accuracy", 100))
	}
	return []figure.Chart{
		{Title: "Loss", X: "epoch", Y: "cross-entropy (nats)", Series: loss},
		{Title: "Accuracy", X: "epoch", Y: "top-1 (%)", Series: accuracy},
	}
}

// adversarial reports whether a training measured accuracy under attack.
func adversarial(h report.History) bool {
	return len(h.Metrics) > 0 && h.Metrics[0]["val_robust_loss"] != 0
}

// tradeOff shows accuracy on clean validation images against that on attacked ones.
func (w page) tradeOff(h report.History, chosen settings.Train) {
	if !adversarial(h) || h.Best < 0 {
		return
	}
	best := h.Metrics[h.Best]
	s := w.Section("Adversarial training", fmt.Sprintf(
		"The network learnt from adversarial images of %s, with changes of at most %s in a pixel. Its training accuracy is that on such images. The run keeps the weights of epoch %d, which have the lowest loss under attack. They classify %s of the clean validation images correctly, and %s of them after %d steps of PGD within the same bound.",
		chosen.Adversarial.Adversarial, chosen.Eps, h.Best+1, report.Percentage(best["val_accuracy"]), report.Percentage(best["val_robust_accuracy"]), chosen.AttackSteps))
	curve := figure.Curve{Name: "epochs, in their order"}
	for _, m := range h.Metrics {
		x, y := 100*m["val_accuracy"], 100*m["val_robust_accuracy"]
		curve.Points = append(curve.Points, figure.Between{X: x, Y: y, Low: y, High: y})
	}
	w.Show(s, "trade-off", figure.Bands(figure.Plane{Title: "Clean against robust accuracy (validation)", X: "clean (%)", Y: "under PGD (%)"}, nil, curve),
		"Each epoch is a point. Robustness costs accuracy on clean images (arXiv:1805.12152); compare runs with and without by: essnas attack RUN RUN --method pgd.")
}
