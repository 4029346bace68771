package stage

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/score/calibration"
	"github.com/essnas/essnas/lib/settings"
)

// confidenceLevels is the usual number of bins of confidence.
const confidenceLevels = 15

// calibrateStage returns the stage that compares a network's confidence with its accuracy.
func calibrateStage() Stage {
	return Stage{Name: "calibrate", Noun: "calibration", Command: calibrateCommand, added: page.calibrated}
}

func calibrateCommand() Command {
	var dir string
	return Command{
		Use: "calibrate", Short: "Measure the calibration of a network's probabilities",
		Long: `Measure the calibration of a trained network on the test images: does its accuracy equal its confidence? The result has the expected calibration error
with bins of equal width and of equal size, the largest calibration error, the Brier score, and a reliability diagram. The temperature that calibrates best
(arXiv:1706.04599) is fitted on the training's validation images. It changes no prediction.`,
		Example: "  essnas calibrate --run runs/train-cifar10-5e6f7a8b",
		Flags:   func(f *pflag.FlagSet) { runFlag(f, &dir, "`DIR` of the training") },
		Do: func(ctx context.Context, l *Env, _ *pflag.FlagSet, _ []string) (Answer, error) {
			r, c, err := l.Calibrate(ctx, dir)
			if err != nil {
				return Answer{}, err
			}
			return Answer{c, func(w io.Writer) error { return calibrationText(w, r, c) }}, nil
		},
	}
}

// Calibrate measures the calibration of a training's best weights. A later call returns the stored
// result. Calibrate returns an error if the training has not ended or its files can't be read.
func (l *Env) Calibrate(ctx context.Context, dir string) (*run.Run, *run.Calibrated, error) {
	r, err := openTraining(dir)
	if err != nil {
		return nil, nil, err
	}
	if c, err := r.Calibration(); err != nil {
		return nil, nil, err
	} else if c != nil {
		return r, c, l.shown(r)
	}
	if err := needEnd(r); err != nil {
		return nil, nil, err
	}
	if err := r.Take(); err != nil {
		return nil, nil, err
	}
	defer r.Close()
	set, err := l.load(r.Config.Data)
	if err != nil {
		return nil, nil, err
	}
	s, err := settingsOf[settings.Train](r.Config)
	if err != nil {
		return nil, nil, err
	}
	_, held := set.TrainValidation(s.Seed, s.Images)
	validation := some(set.Train, held)
	c := &run.Calibrated{Data: set.Title, Sample: set.Sample, Validation: validation.N}
	if err := l.withModel(ctx, r, func(m *model) error {
		c.Epoch = m.epoch
		seen, err := m.logits(ctx, validation, l.progress())
		if err != nil {
			return err
		}
		if c.Temperature, err = calibration.Temperature(seen, validation.Labels); err != nil {
			return err
		}
		test := set.Test
		if l.TestImages > 0 {
			test = test.First(l.TestImages)
		}
		logits, err := m.logits(ctx, test, l.progress())
		if err != nil {
			return err
		}
		if c.Before, err = calibration.Measure(logits, test.Labels, confidenceLevels); err != nil {
			return err
		}
		c.After, err = calibration.Measure(calibration.Scale(logits, c.Temperature), test.Labels, confidenceLevels)
		return err
	}); err != nil {
		return nil, nil, err
	}
	c.Calibrated = time.Now().UTC().Format(time.RFC3339)
	if err := r.Write("calibration.json", c); err != nil {
		return nil, nil, err
	}
	return r, c, l.report(r)
}

// some returns the images with these indices.
func some(im data.Images, index []int32) data.Images {
	s := data.Images{N: len(index), Height: im.Height, Width: im.Width, Channels: im.Channels}
	for _, i := range index {
		s.Pixels, s.Labels = append(s.Pixels, im.Picture(int(i))...), append(s.Labels, im.Labels[i])
	}
	return s
}

// calibrationRows returns the table of measures: name, value as trained, value with the
// temperature.
func calibrationRows(c *run.Calibrated) (rows [][]string) {
	for _, row := range []struct {
		name string
		of   func(calibration.Result) float64
	}{
		{"expected calibration error", func(r calibration.Result) float64 { return r.ECE }},
		{"the same, bins of equal size", func(r calibration.Result) float64 { return r.Adaptive }},
		{"largest calibration error", func(r calibration.Result) float64 { return r.MCE }},
		{"Brier score", func(r calibration.Result) float64 { return r.Brier }},
		{"loss (nats)", func(r calibration.Result) float64 { return r.Loss }},
		{"mean confidence", func(r calibration.Result) float64 { return r.Confidence }},
		{"accuracy", func(r calibration.Result) float64 { return r.Accuracy }},
	} {
		rows = append(rows, []string{row.name, fmt.Sprintf("%.4f", row.of(c.Before)), fmt.Sprintf("%.4f", row.of(c.After))})
	}
	return rows
}

func calibrationText(w io.Writer, r *run.Run, c *run.Calibrated) error {
	fmt.Fprintf(w, "%s, weights of epoch %d, %s test images\n\n", c.Data, c.Epoch, humanize.Comma(int64(c.Before.Images)))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\tas trained\ttemperature %.3f\n", c.Temperature)
	for _, row := range calibrationRows(c) {
		fmt.Fprintf(table, "%s\t%s\t%s\n", row[0], row[1], row[2])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nReport    %s\n", r.Path("report.html"))
	return err
}

// calibrated shows the calibration of the run's network.
func (w page) calibrated() error {
	c, err := w.Run.Calibration()
	if err != nil || c == nil {
		return err
	}
	s := w.Section("Calibration", fmt.Sprintf(
		"Does the accuracy of the network equal its confidence? Measured on %s test images, with the weights of epoch %d. The logits are divided by a temperature that was fitted on %s validation images.",
		humanize.Comma(int64(c.Before.Images)), c.Epoch, humanize.Comma(int64(c.Validation))))
	s.Table("Calibration errors lie in 0..1; 0 is best.", []string{"", "as trained", fmt.Sprintf("temperature %.3f", c.Temperature)}, calibrationRows(c))
	w.Show(s, "reliability", reliability("As trained", c.Before), "Accuracy of the predictions in each bin of confidence (blue), and their mean confidence (dashed). Above the bars: the share of predictions.")
	w.Show(s, "reliability-scaled", reliability(fmt.Sprintf("Temperature %.3f", c.Temperature), c.After), "The same with logits divided by the temperature.")
	return nil
}

func reliability(title string, r calibration.Result) figure.Figure {
	var levels []figure.Level
	for _, l := range r.Levels {
		levels = append(levels, figure.Level{Low: l.Low, High: l.High, Confidence: l.Confidence, Accuracy: l.Accuracy, Count: l.Count})
	}
	return figure.Reliability(title, "", levels)
}
