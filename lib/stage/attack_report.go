package stage

import (
	"bytes"
	"fmt"
	"image/png"
	"slices"

	"github.com/dustin/go-humanize"

	"github.com/essnas/essnas/lib/attack"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/run"
)

// singleImages is the number of images whose probabilities are drawn as thin lines.
const singleImages = 40

// attacked shows the attacks on the run's network.
func (w page) attacked() error {
	all, err := w.Run.Attacks()
	if err != nil || len(all) == 0 {
		return err
	}
	classes := w.Run.Config.Data.Classes
	s := w.Section("Attacks", "An attack looks for changes of test images by at most epsilon that change the prediction. It was made after the end of the training. "+
		"An image counts as robust if its prediction is correct and no epsilon up to this one changed it. An attack can show that a network is weak, never that it is strong.")
	for _, norm := range []string{"linf", "l2"} {
		var curves []figure.Curve
		var of []run.Attacked
		for _, a := range all {
			if a.Result.Options.Norm == norm {
				of = append(of, a)
				name := fmt.Sprintf("%s, %s images", a.Result.Options.Method, humanize.Comma(int64(a.Result.Images)))
				curves = append(curves, robustCurve(name, a.Result))
			}
		}
		if len(of) > 0 {
			w.Show(s, "attack-"+norm, figure.Bands(figure.Plane{
				Title: "Robust accuracy, " + norm, X: epsilonAxis(of[0].Result.Options), Y: "images that withstand (%)",
			}, nil, curves...), "Robust accuracy over epsilon; epsilon 0 is the accuracy on clean images. Bands: Wilson's 95 % interval, which covers the sampling of the test images.")
		}
	}
	for _, a := range all {
		if err := w.attack(a, classes); err != nil {
			return err
		}
	}
	return nil
}

func (w page) attack(a run.Attacked, classes []string) error {
	r := a.Result
	name := r.Options.Method + "-" + r.Options.Norm
	s := w.Section(fmt.Sprintf("Attack by %s, %s", r.Options.Method, r.Options.Norm), fmt.Sprintf(
		"On %s test images of %s, weights of epoch %d. Area under the robust accuracy: %.3f.", humanize.Comma(int64(r.Images)), a.Data, a.Epoch, r.Area))
	for _, warning := range r.Warnings {
		w.Warnings = append(w.Warnings, r.Options.Method+": "+warning.Text+".")
	}
	var rows [][]string
	for _, at := range r.At {
		row := []string{attack.Fraction(at.Eps), at.Accuracy.String(), at.Robust.String(), fmt.Sprintf("%.3f", at.True.Mean)}
		for _, after := range at.After {
			row = append(row, fmt.Sprintf("%.2f %%", 100*after.Robust))
		}
		rows = append(rows, row)
	}
	header := []string{"epsilon", "accuracy (95 %)", "robust (95 %)", "probability of the true class"}
	for _, after := range r.At[0].After {
		header = append(header, "after "+after.Method)
	}
	s.Table(fmt.Sprintf("Accuracy on the images of each epsilon, and robust accuracy. Clean: %s.", r.Clean), header, rows)
	rows = nil
	for k, class := range classes {
		row := []string{class}
		for _, at := range r.At {
			row = append(row, fmt.Sprintf("%.1f %%", 100*at.Classes[k].Value))
		}
		rows = append(rows, append(row, humanize.Comma(int64(r.At[0].Classes[k].Of))))
	}
	header = []string{"class"}
	for _, at := range r.At {
		header = append(header, attack.Fraction(at.Eps))
	}
	s.Table("Robust accuracy class by class.", append(header, "images"), rows)
	w.Show(s, "attack-probability-"+name, probabilityFigure(r), fmt.Sprintf(
		"Probability of the true class: mean and quartiles over all images, and %d single images (grey). The probability of a single image may rise again: a larger change can jump over the class that a smaller one finds.",
		min(singleImages, len(r.Outcomes))))
	f, err := sampleGrid(r, classes)
	if err != nil {
		return err
	}
	w.Show(s, "attack-samples-"+name, f, "Clean image, change (magnified; grey means no change) and adversarial image, with the prediction and its probability. Each image is shown at the smallest epsilon that changes its prediction, or else at the largest.")
	return nil
}

// probabilityFigure draws the probability of the true class over epsilon.
func probabilityFigure(r *attack.Result) figure.Figure {
	var clean []float64
	var single []figure.Curve
	for i, out := range r.Outcomes {
		clean = append(clean, float64(out.Clean.True))
		if i >= singleImages {
			continue
		}
		c := figure.Curve{Points: []figure.Between{{X: 0, Y: float64(out.Clean.True)}}}
		for e, a := range out.At {
			c.Points = append(c.Points, figure.Between{X: greys(r.Options, r.Options.Eps[e]), Y: float64(a.True)})
		}
		single = append(single, c)
	}
	point := func(x float64, s attack.Spread) figure.Between {
		return figure.Between{X: x, Y: s.Mean, Low: s.Low, High: s.High}
	}
	mean := figure.Curve{Name: "mean, and quartiles", Points: []figure.Between{point(0, attack.SpreadOf(clean))}}
	for _, at := range r.At {
		mean.Points = append(mean.Points, point(greys(r.Options, at.Eps), at.True))
	}
	return figure.Bands(figure.Plane{
		Title: "Probability of the true class under " + r.Options.Method, X: epsilonAxis(r.Options), Y: "probability",
	}, single, mean)
}

// sampleGrid draws images, two in a row: each clean, its change, and adversarial. It returns an
// error if a stored picture is damaged.
func sampleGrid(r *attack.Result, classes []string) (figure.Figure, error) {
	var tiles []figure.Tile
	for _, s := range r.Samples {
		at := s.At[len(s.At)-1]
		if i := slices.IndexFunc(s.At, func(p attack.Perturbed) bool { return p.Answer.Class != s.Label && len(p.Picture) > 0 }); i >= 0 {
			at = s.At[i]
		}
		caption := func(a attack.Answer) string { return fmt.Sprintf("%s %.0f %%", classes[a.Class], 100*a.Sure) }
		change, note := at.Change, fmt.Sprintf("%s, x %.0f", attack.Fraction(at.Eps), 0.5/max(at.Magnified, 1e-9))
		if len(change) == 0 {
			change, note = s.Picture, "not attacked"
		}
		for _, t := range []struct {
			png  []byte
			text string
		}{{s.Picture, caption(s.Clean)}, {change, note}, {at.Picture, caption(at.Answer)}} {
			picture, err := png.Decode(bytes.NewReader(t.png))
			if err != nil {
				return figure.Figure{}, fmt.Errorf("the picture of test image %d under attack is damaged: %w", s.Index, err)
			}
			tiles = append(tiles, figure.Tile{Picture: picture, Caption: t.text})
		}
	}
	return figure.Grid(6, tiles), nil
}
