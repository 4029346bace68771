package figure

import (
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// Between is a point of a Curve with the ends of its interval. An interval with a NaN end is left
// out.
type Between struct{ X, Y, Low, High float64 }

// Curve is a line through points in the given order.
type Curve struct {
	Name   string
	Points []Between
}

// Logarithmic draws curves with intervals over a logarithmic x axis with a tick at each point.
// Every X must be positive. The plane's Steps are ignored.
func Logarithmic(plane Plane, curves ...Curve) Figure {
	across, up, ends := nowhere(), nowhere(), nowhere()
	for _, c := range curves {
		for _, p := range c.Points {
			across.take(p.X)
			up.take(p.Y)
			ends.take(p.Low)
			ends.take(p.High)
		}
	}
	if across.low > across.high || up.low > up.high {
		return message("nothing was measured yet")
	}
	bottom, top := up.with(ends)
	return Figure{560, 340 + noteHeight(plane.Note), func(c draw.Canvas) {
		c = headed(inset(c, 4, 14, 4, 4), plane.Title, plane.Note)
		names := make([]string, len(curves))
		for i, curve := range curves {
			names[i] = curve.Name
		}
		c.Max.Y = legend(inset(c, 8, 0, 0, 0), names, seriesStyle) - 4
		p := axes(plane.X, plane.Y)
		p.X.Scale = plot.LogScale{}
		p.X.Min, p.X.Max = across.low/1.3, across.high*1.3
		p.Y.Min, p.Y.Max = bottom, top
		var marks plot.ConstantTicks
		known := map[float64]bool{}
		for i, curve := range curves {
			var points plotter.XYs
			style := seriesStyle(i)
			solid := line(style.Color, 1)
			for _, at := range curve.Points {
				if !finite(at.X) || !finite(at.Y) {
					continue
				}
				if !known[at.X] {
					known[at.X] = true
					marks = append(marks, plot.Tick{Value: at.X, Label: strconv.FormatFloat(at.X, 'g', 3, 64)})
				}
				points = append(points, plotter.XY{X: at.X, Y: at.Y})
				if finite(at.Low) && finite(at.High) {
					p.Add(segment(at.X, max(at.Low, bottom), at.X, min(at.High, top), solid))
				}
			}
			p.Add(&plotter.Line{XYs: points, LineStyle: style}, &plotter.Scatter{XYs: points, GlyphStyle: classStyle(i)})
		}
		p.X.Tick.Marker = marks
		p.Draw(c)
	}}
}
