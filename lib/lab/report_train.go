package lab

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/settings"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/report"
	"github.com/essnas/essnas/lib/score"
)

// trained reports on a training, and on its test and the search that found its cell as far as there are any.
func (w *writer) trained(r *Run) error {
	chosen, err := settingsOf[settings.Train](r.Config)
	if err != nil {
		return err
	}
	events, err := r.Events()
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
	h := historyOf(events)
	w.page.Title = "A found network on " + r.Config.Data.Title
	w.page.Lead = fmt.Sprintf("A network of %d cells and %d channels was built from the cells of %s, trained, and tested once at the end.", chosen.Cells, chosen.Channels, cellsName(r.Config))
	if test == nil {
		w.page.Lead = fmt.Sprintf("A network of %d cells and %d channels was built from the cells of %s and trained. It has not been tested yet: essnas test --run %s", chosen.Cells, chosen.Channels, cellsName(r.Config), r.Dir)
	}
	if from := r.Config.From; from != nil {
		w.page.Lead += fmt.Sprintf(" It began with the weights of the pretraining %s.", filepath.Base(from.Run))
	}
	w.page.Footer = "Written by essnas. The interval covers the luck of the test images, not that of the seed: repeat with other seeds before comparing."
	w.warn(r, chosen.Images, chosen.Epochs, 100)
	if len(h.epochs) < chosen.Epochs {
		w.page.Warnings = append(w.page.Warnings, fmt.Sprintf("This training has not ended: %d of %d epochs are done.", len(h.epochs), chosen.Epochs))
	}
	w.trainNumbers(r, h, test, chosen, len(r.Config.Data.Classes))
	if test != nil {
		if err := w.test(r, test); err != nil {
			return err
		}
	}
	if err := w.probed(r); err != nil {
		return err
	}
	s := w.page.Section("Training", "The weights kept are those of the epoch with the lowest validation loss; validation images are taken off the training images, the test set is not touched.")
	w.show(s, "training-curves", figure.Curves(
		figure.Chart{Title: "Loss", X: "epoch", Y: "cross-entropy (nats)", Series: []figure.Series{h.series("training", "train_loss", 1), h.series("validation", "val_loss", 1)}},
		figure.Chart{Title: "Accuracy", X: "epoch", Y: "top-1 (%)", Series: []figure.Series{h.series("training", "train_accuracy", 100), h.series("validation", "val_accuracy", 100)}},
		figure.Chart{Title: "Learning rate", X: "epoch", Y: "learning rate", Series: []figure.Series{h.series("weights", "lr", 1)}},
		figure.Chart{Title: "Gradient norm", X: "epoch", Y: "L2 norm", Series: []figure.Series{h.series("weights", "grad_norm", 1)}},
	), "Training is measured on augmented images, with dropped paths, while the weights change; validation on plain images at the end of an epoch.")
	if err := w.cells(w.page.Section("The cells", "From "+cellsName(r.Config)+"."), g); err != nil {
		return err
	}
	if found := foundBy(r.Config); found != nil {
		events, err := found.Events()
		if err != nil {
			return err
		}
		if err := w.search(historyOf(events)); err != nil {
			return err
		}
		s := w.page.Section("Settings of the search", "Its own report and record are in "+found.Dir+".")
		if err := settingsTable(s, found.Config); err != nil {
			return err
		}
		s.Table("Times of the search.", nil, timings(events))
	}
	return w.circumstances(r, events)
}

func cellsName(c Config) string {
	switch info, err := os.Stat(c.Cells); {
	case c.Cells == "":
		return "a genotype"
	case err == nil && info.IsDir():
		return "the run " + filepath.Base(c.Cells)
	}
	return c.Cells
}

// trainNumbers are what matters most of a training: the test's result, or else the best validation's.
func (w *writer) trainNumbers(r *Run, h history, test *Test, chosen settings.Train, classes int) {
	chance := fmt.Sprintf("chance: %.3g %%", 100/float64(classes))
	if test != nil {
		t := test.Table
		w.page.Numbers = append(w.page.Numbers,
			report.Number{Name: "Test accuracy", Value: percentage(t.Top1), Note: interval(t.Top1Range) + "; " + chance},
			report.Number{Name: "Top-5", Value: percentage(t.Top5), Note: interval(t.Top5Range)},
			report.Number{Name: "Test loss", Value: fmt.Sprintf("%.3f", t.Loss), Note: fmt.Sprintf("nats, mean over %s images", humanize.Comma(int64(t.Images)))},
			report.Number{Name: "Weights", Value: humanize.Comma(int64(test.Weights)), Note: fmt.Sprintf("%s M multiply-adds an image", humanize.FtoaWithDigits(float64(test.MACs)/1e6, 1))})
	} else if h.best >= 0 {
		m := h.metrics[h.best]
		w.page.Numbers = append(w.page.Numbers,
			report.Number{Name: "Validation accuracy", Value: percentage(m["val_accuracy"]), Note: chance},
			report.Number{Name: "Validation loss", Value: fmt.Sprintf("%.3f", m["val_loss"]), Note: "nats"})
	}
	if h.best >= 0 {
		w.page.Numbers = append(w.page.Numbers, report.Number{Name: "Best epoch", Value: fmt.Sprint(h.best + 1), Note: fmt.Sprintf("of %d, by validation loss", chosen.Epochs)})
	}
	if h.seconds > 0 {
		w.page.Numbers = append(w.page.Numbers, report.Number{Name: "Training time", Value: clock(h.seconds), Note: "on " + r.Config.Backend.Kind})
	}
}

// test shows the result of the test: samples, the table of classes, confusion.
func (w *writer) test(r *Run, test *Test) error {
	classes := r.Config.Data.Classes
	s := w.page.Section("Predictions", "Images of the test set with the classes that the network finds most probable. The wrong ones are those that it was surest of.")
	var right, wrong []figure.Card
	for _, sample := range test.Samples {
		card, err := sample.card(classes)
		if err != nil {
			return err
		}
		if len(sample.Top) > 0 && sample.Top[0].Class == sample.Label {
			right = append(right, card)
		} else {
			wrong = append(wrong, card)
		}
	}
	if len(right) > 0 {
		w.show(s, "predictions-right", figure.Predictions(3, right), "Classified right: the first image of each class that is.")
	}
	if len(wrong) > 0 {
		w.show(s, "predictions-wrong", figure.Predictions(3, wrong), "Classified wrong, with the highest probability.")
	}
	s = w.page.Section("Test", fmt.Sprintf("The weights of epoch %d on the test set of %s, which was read once, after training.", test.Epoch, test.Data))
	var rows [][]string
	for _, row := range append(test.Table.Classes[:len(test.Table.Classes):len(test.Table.Classes)], test.Table.All) {
		rows = append(rows, []string{row.Class, fmt.Sprintf("%.4f", row.Precision), fmt.Sprintf("%.4f", row.Recall), fmt.Sprintf("%.4f", row.F1), fmt.Sprintf("%.4f", row.Accuracy), humanize.Comma(int64(row.Images))})
	}
	s.Table("Each class against all others, and all of them (micro average: top-1 accuracy).", []string{"class", "precision", "recall", "F1", "accuracy", "images"}, rows)
	w.show(s, "confusion", figure.Confusion(classes, test.Table.Confusion), "Which classes are taken for which. On the diagonal: right.")
	return nil
}

// card is the sample as a picture with bars.
func (s Sample) card(classes []string) (figure.Card, error) {
	raw, err := base64.StdEncoding.DecodeString(s.PNG)
	if err != nil {
		return figure.Card{}, fmt.Errorf("the picture of test image %d is damaged: %w", s.Index, err)
	}
	picture, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return figure.Card{}, fmt.Errorf("the picture of test image %d is damaged: %w", s.Index, err)
	}
	name := func(class int) string {
		if class < 0 || class >= len(classes) {
			return ""
		}
		return classes[class]
	}
	card := figure.Card{Picture: picture, True: name(s.Label)}
	for _, g := range s.Top {
		card.Guesses = append(card.Guesses, figure.Guess{Class: name(g.Class), Probability: g.Probability})
	}
	return card, nil
}

func interval(r score.Interval) string {
	return fmt.Sprintf("95 %% interval: %.2f to %.2f %%", 100*r.Low, 100*r.High)
}

// percentage is a share as text, with two digits.
func percentage(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }
