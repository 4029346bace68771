package figure

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sample is one row of Dots: single values, and their mean with an interval. A mean of NaN is left
// out, and so is an interval with a NaN end.
type Sample struct {
	Name            string // stands at the left
	Values          []float64
	Mean, Low, High float64
	Class           int // index of colour and shape, equal within a group of samples
}

// Dots draws samples in rows, the first at the top: each value as a dot, the mean as a bar, the
// interval as a line. x names the axis, with its unit. The note, if any, stands below the title.
// Intervals that are much wider than the range of all values are cut at the edges.
func Dots(title, x, note string, samples []Sample) Figure {
	if len(samples) == 0 {
		return message("nothing was measured yet")
	}
	height := vg.Length(64+18*len(samples)) + noteHeight(note)
	return Figure{560, height, func(c draw.Canvas) {
		c = headed(inset(c, 4, 14, 4, 4), title, note)
		p := axes(x, "")
		p.HideY()
		p.Y.Min, p.Y.Max = -0.7, float64(len(samples))-0.3
		p.X.Min, p.X.Max = reach(samples)
		var names plot.ConstantTicks
		for i, s := range samples {
			y := float64(len(samples) - 1 - i)
			names = append(names, plot.Tick{Value: y, Label: s.Name})
			style := classStyle(s.Class)
			p.Add(rowLine(y))
			if finite(s.Low) && finite(s.High) && finite(s.Mean) {
				p.Add(segment(max(s.Low, p.X.Min), y, min(s.High, p.X.Max), y, line(style.Color, 1.5)))
			}
			if finite(s.Mean) {
				p.Add(bar{s.Mean, y, line(style.Color, 2.5)})
			}
			var points plotter.XYs
			for _, v := range s.Values {
				if finite(v) {
					points = append(points, plotter.XY{X: v, Y: y})
				}
			}
			p.Add(&plotter.Scatter{XYs: points, GlyphStyle: style})
		}
		p.Y.Tick.Marker = names
		p.Y.Tick.Label = before(sans(smallSize + 0.5))
		p.Y.Tick.Length, p.Y.Padding = 0, 8 // leaves room for wider fonts in viewers
		p.Draw(c)
	}}
}

// reach returns the range of the axis: all values, and the intervals as far as the values stay
// distinguishable.
func reach(samples []Sample) (low, high float64) {
	values, intervals := nowhere(), nowhere()
	for _, s := range samples {
		for _, v := range append([]float64{s.Mean}, s.Values...) {
			values.take(v)
		}
		intervals.take(s.Low)
		intervals.take(s.High)
	}
	return values.with(intervals)
}

// headed draws the title and the note below it, and returns the rest of the canvas.
func headed(c draw.Canvas, title, note string) draw.Canvas {
	c.FillText(below(sans(titleSize)), vg.Point{X: c.Min.X + 8, Y: c.Max.Y}, title)
	c.Max.Y -= 20
	if note != "" {
		c.FillText(below(coloured(sans(fontSize), vermillion)), vg.Point{X: c.Min.X + 8, Y: c.Max.Y}, note)
		c.Max.Y -= noteHeight(note)
	}
	return c
}

func noteHeight(note string) vg.Length {
	if note == "" {
		return 0
	}
	return 16
}

// classStyle returns the colour and the shape of a class.
func classStyle(class int) draw.GlyphStyle {
	shapes := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.RingGlyph{}, draw.SquareGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.TriangleGlyph{}, draw.CrossGlyph{}, draw.PlusGlyph{}}
	palette := Palette()
	return draw.GlyphStyle{Color: palette[class%len(palette)], Radius: 3, Shape: shapes[(class+class/len(palette))%len(shapes)]}
}

func segment(x1, y1, x2, y2 float64, style draw.LineStyle) *plotter.Line {
	return &plotter.Line{XYs: plotter.XYs{{X: x1, Y: y1}, {X: x2, Y: y2}}, LineStyle: style}
}

// bar is a short vertical line, of the same height on all axes.
type bar struct {
	x, y  float64
	style draw.LineStyle
}

// Plot implements plot.Plotter.
func (b bar) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	c.StrokeLine2(b.style, tx(b.x), ty(b.y)-6, tx(b.x), ty(b.y)+6)
}

// rowLine is a thin line from the name of a row to its values.
type rowLine float64

// Plot implements plot.Plotter.
func (y rowLine) Plot(c draw.Canvas, p *plot.Plot) {
	_, ty := p.Transforms(&c)
	c.StrokeLine2(line(paler, 0.5), c.Min.X, ty(float64(y)), c.Max.X, ty(float64(y)))
}
