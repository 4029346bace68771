package stage

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"github.com/essnas/essnas/lib/corrupt"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/run"
)

// corrupted shows the test of the run's network on corrupted images.
func (w page) corrupted() error {
	c, err := w.Run.Corruptions()
	if err != nil || c == nil {
		return err
	}
	s := w.Section("Corruptions", fmt.Sprintf(
		"Noise, blur, weather and digital corruptions at five severities, on %s test images with the weights of epoch %d. "+
			"Error on clean images: %s. Mean corruption error over the standard corruptions: %s. The interval covers the sampling of the test images.",
		humanize.Comma(int64(c.Images)), c.Epoch, percentIn(c.Clean, c.CleanIn), percentIn(c.Error, c.ErrorIn)))
	w.Show(s, "corruptions", corruptionMatrix(c), "Accuracy (%) under each corruption at each severity; severity 0 is the clean image.")
	var rows [][]string
	for _, row := range c.Rows {
		name := row.Name
		if row.Extra {
			name += " (extra)"
		}
		cells := []string{row.Kind, name, fmt.Sprintf("%.2f %%", 100*row.Mean), fmt.Sprintf("%+.2f", 100*(row.Mean-c.Clean))}
		for _, e := range row.Error {
			cells = append(cells, fmt.Sprintf("%.1f", 100*e))
		}
		rows = append(rows, cells)
	}
	s.Table("Errors by severity, their mean, and its difference from the error on clean images (percentage points).",
		[]string{"kind", "corruption", "mean error", "more than clean", "1", "2", "3", "4", "5"}, rows)
	f, err := corruptionGrid(w.Run.Config.Data, c)
	if err != nil {
		return err
	}
	w.Show(s, "corruption-samples", f, "A test image under each corruption, with growing severity.")
	return nil
}

// corruptionMatrix draws the accuracy by corruption and severity.
func corruptionMatrix(c *run.Corrupted) figure.Figure {
	var rows []string
	var values [][]float64
	for _, row := range c.Rows {
		rows = append(rows, row.Name)
		line := []float64{100 * (1 - c.Clean)}
		for _, e := range row.Error {
			line = append(line, 100*(1-e))
		}
		values = append(values, line)
	}
	return figure.Heat(figure.HeatMap{
		Title: "Accuracy on corrupted test images (%)", RowAxis: "corruption", ColumnAxis: "severity",
		Rows: rows, Columns: []string{"0", "1", "2", "3", "4", "5"}, Values: values, Low: 0, High: 100, Digits: 1,
	})
}

// corruptionRuns draws the mean accuracy over corruptions of several runs, by severity.
func corruptionRuns(names []string, all []run.Corrupted) figure.Figure {
	var curves []figure.Curve
	for i, c := range all {
		curve := figure.Curve{Name: names[i], Points: []figure.Between{{X: 0, Y: 100 * (1 - c.Clean), Low: 100 * (1 - c.CleanIn.High), High: 100 * (1 - c.CleanIn.Low)}}}
		for severity := range corrupt.Severities {
			mean, n := 0.0, 0
			for _, row := range c.Rows {
				if !row.Extra || c.Error == 0 {
					mean, n = mean+row.Error[severity], n+1
				}
			}
			y := 100 * (1 - mean/float64(n))
			curve.Points = append(curve.Points, figure.Between{X: float64(severity + 1), Y: y, Low: y, High: y})
		}
		curves = append(curves, curve)
	}
	return figure.Bands(figure.Plane{
		Title: fmt.Sprintf("Corrupted %s, %s test images", all[0].Data, humanize.Comma(int64(all[0].Images))),
		X:     "severity (0: clean)", Y: "mean accuracy over corruptions (%)",
	}, nil, curves...)
}

// corruptionGrid draws the first test image under all corruptions.
func corruptionGrid(d run.Data, c *run.Corrupted) (figure.Figure, error) {
	clean := corrupt.Picture{Height: d.Side, Width: d.Side, Channels: d.Channels, Pixels: c.Picture}
	tile := func(p corrupt.Picture, caption string) figure.Tile {
		return figure.Tile{Picture: figure.Picture(p.Pixels, p.Height, p.Width, p.Channels), Caption: caption}
	}
	var tiles []figure.Tile
	for _, row := range c.Rows {
		known, err := corrupt.Named(row.Name)
		if err != nil {
			return figure.Figure{}, err
		}
		for severity := range corrupt.Severities + 1 {
			if severity == 0 {
				tiles = append(tiles, tile(clean, row.Name))
				continue
			}
			p, err := known.Apply(clean, severity, corrupt.Random(c.Seed, row.Name, severity, 0))
			if err != nil {
				return figure.Figure{}, fmt.Errorf("corruptions.json: %w", err)
			}
			tiles = append(tiles, tile(p, fmt.Sprintf("severity %d", severity)))
		}
	}
	return figure.Grid(1+corrupt.Severities, tiles), nil
}
