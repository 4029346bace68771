package stage

import (
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/score"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// finetuned shows the comparison with trainings from scratch, if there is one.
func (w page) finetuned() error {
	f, err := w.Run.Finetuned()
	if err != nil || f == nil {
		return err
	}
	s := w.Section("Fine-tuning", fmt.Sprintf(
		"Test accuracy of the same network trained with shares of the labels, from these weights (with a new classifier) and from scratch, %s each with the same settings. "+
			"The epoch is chosen on %s validation images, whose labels are not counted in the shares. The %s test images are read once for each training.",
		english.Plural(f.Settings.Epochs, "epoch", ""), humanize.Comma(int64(f.Validation)), humanize.Comma(int64(f.Test))))
	note := ""
	small, err := trainStage().warnings(run.Config{Data: w.Run.Config.Data, Settings: encode(f.Settings)})
	if err != nil {
		return err
	}
	if len(small) > 0 {
		note = "Too few images or epochs for a conclusion: this shows the form of a comparison."
	}
	w.Show(s, "fine-tuning", finetunedFigure(f, note), "An epoch has the same number of steps for every share, so that the curves differ in labels and initial weights only. Bars: "+intervalOf(f)+".")
	header, rows := finetunedTable(f)
	s.Table("Top-1 accuracy; in brackets "+intervalOf(f)+".", header, rows)
	return nil
}

// intervalOf names the kind of the comparison's intervals.
func intervalOf(f *run.Finetuned) string {
	if f.Seeds == 1 {
		return "Wilson's 95 % interval, which covers the sampling of the test images but not the seed"
	}
	return fmt.Sprintf("the 95 %% t interval of the mean over n = %d seeds", f.Seeds)
}

func finetunedFigure(f *run.Finetuned, note string) figure.Figure {
	curves := []figure.Curve{{Name: "fine-tuned"}, {Name: "from scratch"}}
	for _, s := range f.Shares {
		for i, t := range []run.Trials{s.Pretrained, s.Scratch} {
			curves[i].Points = append(curves[i].Points, figure.Between{X: 100 * s.Labels, Y: 100 * t.Accuracy, Low: 100 * t.Range.Low, High: 100 * t.Range.High})
		}
	}
	return figure.Logarithmic(figure.Plane{
		Title: fmt.Sprintf("Fine-tuned and from scratch, n = %d", f.Seeds), X: "share of the labels (%)", Y: "test accuracy on " + f.Data + " (%)", Note: note,
	}, curves...)
}

// finetunedTable returns the comparison as a table, [row][column].
func finetunedTable(f *run.Finetuned) (header []string, rows [][]string) {
	header = []string{"labels", "images", "fine-tuned", "from scratch", "gain (points)"}
	for _, s := range f.Shares {
		gain := score.Estimate{N: s.Gain.N, Mean: 100 * s.Gain.Mean, Half: 100 * s.Gain.Half}
		rows = append(rows, []string{fmt.Sprintf("%g %%", 100*s.Labels), humanize.Comma(int64(s.Images)), trialsText(s.Pretrained), trialsText(s.Scratch), gain.Text(2)})
	}
	return header, rows
}

func trialsText(t run.Trials) string {
	return fmt.Sprintf("%.2f %% (%.2f to %.2f)", 100*t.Accuracy, 100*t.Range.Low, 100*t.Range.High)
}

// FinetunedText writes the comparison as a table.
func FinetunedText(f *run.Finetuned) string {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	row := func(cells []string) (r table.Row) {
		for _, c := range cells {
			r = append(r, c)
		}
		return r
	}
	header, rows := finetunedTable(f)
	t.AppendHeader(row(header))
	for _, r := range rows {
		t.AppendRow(row(r))
	}
	return fmt.Sprintf("%s: top-1 on %s test images; in brackets %s. Chance: %.3g %%\n\n%s\n", f.Data, humanize.Comma(int64(f.Test)), intervalOf(f), 100*f.Chance, t.Render())
}
