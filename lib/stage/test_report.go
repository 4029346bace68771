package stage

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
)

// tested shows the result of the test: samples, the table of classes, confusion.
func (w page) tested() error {
	r := w.Run
	test, err := r.Test()
	if err != nil || test == nil {
		return err
	}
	classes := r.Config.Data.Classes
	s := w.Section("Predictions", "Images of the test set with their most probable classes. The misclassified images are those with the highest confidence.")
	var right, wrong []figure.Card
	for _, sample := range test.Samples {
		card, err := card(sample, classes)
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
		w.Show(s, "predictions-right", figure.Predictions(3, right), "Correct predictions: the first one of each class.")
	}
	if len(wrong) > 0 {
		w.Show(s, "predictions-wrong", figure.Predictions(3, wrong), "Wrong predictions with the highest probability.")
	}
	s = w.Section("Test", fmt.Sprintf("The weights of epoch %d on the test set of %s, which was read once, after training.", test.Epoch, test.Data))
	var rows [][]string
	for _, row := range append(test.Table.Classes[:len(test.Table.Classes):len(test.Table.Classes)], test.Table.All, test.Table.Macro()) {
		rows = append(rows, []string{row.Class, fmt.Sprintf("%.4f", row.Precision), fmt.Sprintf("%.4f", row.Recall), fmt.Sprintf("%.4f", row.F1), fmt.Sprintf("%.4f", row.Accuracy), humanize.Comma(int64(row.Images))})
	}
	for _, text := range append(slices.Clone(test.Warnings), test.Table.Warnings()...) {
		w.Warnings = append(w.Warnings, report.Capital(text)+".")
	}
	s.Table("Each class against all others, the micro average (which equals top-1 accuracy), and the macro average (the mean over the classes).", []string{"class", "precision", "recall", "F1", "accuracy", "images"}, rows)
	w.Show(s, "confusion", figure.Confusion(classes, test.Table.Confusion), "Confusion matrix. The diagonal has the correct predictions.")
	return nil
}

// card returns the sample as an image with bars.
func card(s run.Sample, classes []string) (figure.Card, error) {
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
