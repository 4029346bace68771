package figure

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Level is a row of Reliability: predictions whose confidence lies between Low and High.
type Level struct {
	Low, High            float64
	Confidence, Accuracy float64 // means, in 0..1
	Count                int
}

// Reliability draws a reliability diagram: the accuracy of predictions against their confidence, as
// bars. A calibrated classifier lies on the diagonal. The gap to the mean confidence has the second
// colour. The share of predictions in a level stands above its bar.
func Reliability(title, note string, levels []Level) Figure {
	total := 0
	for _, l := range levels {
		total += l.Count
	}
	if total == 0 {
		return message("nothing was measured yet")
	}
	return Figure{380, 360 + noteHeight(note), func(c draw.Canvas) {
		c = headed(inset(c, 4, 14, 4, 4), title, note)
		c.Max.Y = legend(inset(c, 8, 0, 0, 0), []string{"accuracy", "confidence"}, seriesStyle) - 4
		p := axes("confidence of the prediction", "accuracy")
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1.04
		for _, l := range levels {
			if l.Count == 0 {
				continue
			}
			box := func(from, to float64) plotter.XYs {
				return plotter.XYs{{X: l.Low, Y: from}, {X: l.High, Y: from}, {X: l.High, Y: to}, {X: l.Low, Y: to}}
			}
			p.Add(&plotter.Polygon{XYs: []plotter.XYs{box(0, l.Accuracy)}, Color: translucent(blue), LineStyle: line(blue, 0.75)})
			p.Add(&plotter.Polygon{XYs: []plotter.XYs{box(l.Accuracy, l.Confidence)}, Color: translucent(vermillion), LineStyle: line(vermillion, 0.5)})
			p.Add(segment(l.Low, l.Confidence, l.High, l.Confidence, seriesStyle(1)))
			p.Add(caption{(l.Low + l.High) / 2, max(l.Accuracy, l.Confidence), percent(float64(l.Count) / float64(total))})
		}
		p.Add(segment(0, 0, 1, 1, draw.LineStyle{Color: faint, Width: 1, Dashes: []vg.Length{3, 3}}))
		p.Draw(c)
	}}
}

// caption is a small text above a point.
type caption struct {
	x, y float64
	text string
}

// Plot implements plot.Plotter.
func (t caption) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	style := centred(sans(smallSize - 2))
	style.YAlign = draw.YBottom
	c.FillText(style, vg.Point{X: tx(t.x), Y: ty(t.y) + 2}, t.text)
}
