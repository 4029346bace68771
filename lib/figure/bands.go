package figure

import (
	"image/color"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// Bands draws curves with a band between the ends of their intervals, over a linear x axis that
// begins at the smallest x and a y axis that begins at 0 or below. faintLines are thin grey lines
// behind them, for example one for each image that a curve averages. The plane's Steps are ignored.
func Bands(plane Plane, faintLines []Curve, curves ...Curve) Figure {
	across, up, ends := nowhere(), nowhere(), nowhere()
	for _, c := range append(append([]Curve{}, faintLines...), curves...) {
		for _, p := range c.Points {
			across.take(p.X)
			up.take(p.Y)
			ends.take(p.Low)
			ends.take(p.High)
		}
	}
	if across.low >= across.high || up.low > up.high {
		return message("nothing was measured yet")
	}
	up.take(0)
	bottom, top := up.with(ends)
	return Figure{560, 320 + noteHeight(plane.Note), func(c draw.Canvas) {
		c = headed(inset(c, 4, 14, 4, 4), plane.Title, plane.Note)
		names := make([]string, len(curves))
		for i, curve := range curves {
			names[i] = curve.Name
		}
		c.Max.Y = legend(inset(c, 8, 0, 0, 0), names, seriesStyle) - 4
		p := axes(plane.X, plane.Y)
		p.X.Min, p.X.Max = across.low, across.high
		p.Y.Min, p.Y.Max = bottom, top
		for _, curve := range faintLines {
			p.Add(&plotter.Line{XYs: curve.line(), LineStyle: line(grey, 0.5)})
		}
		for i, curve := range curves {
			colour := seriesStyle(i).Color
			if outline := curve.band(bottom, top); outline != nil {
				p.Add(&plotter.Polygon{XYs: []plotter.XYs{outline}, Color: translucent(colour)})
			}
		}
		for i, curve := range curves {
			points := curve.line()
			p.Add(&plotter.Line{XYs: points, LineStyle: seriesStyle(i)})
			if len(points) <= 12 {
				style := classStyle(i)
				style.Radius = 2.5
				p.Add(&plotter.Scatter{XYs: points, GlyphStyle: style})
			}
		}
		p.Draw(c)
	}}
}

// line returns the finite points of the curve.
func (c Curve) line() (points plotter.XYs) {
	for _, at := range c.Points {
		if finite(at.X) && finite(at.Y) {
			points = append(points, plotter.XY{X: at.X, Y: at.Y})
		}
	}
	return points
}

// band returns the outline of the intervals, cut at bottom and top, or nil for fewer than two
// intervals.
func (c Curve) band(bottom, top float64) (outline plotter.XYs) {
	var back plotter.XYs
	for _, at := range c.Points {
		if finite(at.X) && finite(at.Low) && finite(at.High) {
			outline = append(outline, plotter.XY{X: at.X, Y: min(max(at.Low, bottom), top)})
			back = append(plotter.XYs{{X: at.X, Y: max(min(at.High, top), bottom)}}, back...)
		}
	}
	if len(outline) < 2 {
		return nil
	}
	return append(outline, back...)
}

// translucent returns the colour with an opacity of 19 %, so that overlapping bands stay visible.
func translucent(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	return color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 0x30}
}
