package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Point is a point of a Scatter with the half-widths of its intervals (0 or NaN: none) and a label
// ("": none).
type Point struct {
	X, Y, DX, DY float64
	Label        string
}

// Cluster is a set of points with one entry in the legend. Class is the index of their colour and
// shape.
type Cluster struct {
	Name   string
	Class  int
	Points []Point
}

// Plane describes the axes of a Scatter. X and Y name them, with units. Note, if any, stands below
// the title. Steps, if any, are joined by a dashed staircase, such as a Pareto front; Legend names
// it.
type Plane struct {
	Title, X, Y, Note string
	Steps             []Point
	Legend            string
}

// Scatter draws clusters of points. Intervals that are much wider than the range of all points are
// cut at the edges.
func Scatter(plane Plane, clusters ...Cluster) Figure {
	left, right, wide := extent(clusters, func(p Point) (float64, float64) { return p.X, p.DX })
	bottom, top, high := extent(clusters, func(p Point) (float64, float64) { return p.Y, p.DY })
	if !wide || !high {
		return message("nothing was measured yet")
	}
	return Figure{560, 360 + noteHeight(plane.Note), func(c draw.Canvas) {
		c = headed(inset(c, 4, 14, 4, 4), plane.Title, plane.Note)
		c.Max.Y = glyphLegend(inset(c, 8, 0, 0, 0), clusters, plane) - 4
		p := axes(plane.X, plane.Y)
		p.X.Min, p.X.Max = left, right
		p.Y.Min, p.Y.Max = bottom, top
		for _, cluster := range clusters {
			pale := line(classStyle(cluster.Class).Color, 0.75)
			if c, ok := pale.Color.(color.NRGBA); ok {
				c.A = 0x70
				pale.Color = c
			}
			for _, at := range cluster.Points {
				if at.DX > 0 && finite(at.DX) {
					p.Add(segment(max(at.X-at.DX, left), at.Y, min(at.X+at.DX, right), at.Y, pale))
				}
				if at.DY > 0 && finite(at.DY) {
					p.Add(segment(at.X, max(at.Y-at.DY, bottom), at.X, min(at.Y+at.DY, top), pale))
				}
			}
		}
		if len(plane.Steps) > 0 {
			p.Add(&plotter.Line{XYs: staircase(plane.Steps), LineStyle: stepStyle()})
		}
		for _, cluster := range clusters {
			for _, at := range cluster.Points {
				if !finite(at.X) || !finite(at.Y) {
					continue
				}
				p.Add(&plotter.Scatter{XYs: plotter.XYs{{X: at.X, Y: at.Y}}, GlyphStyle: classStyle(cluster.Class)})
				if at.Label != "" {
					text := aligned(sans(smallSize), draw.XLeft)
					p.Add(&plotter.Labels{XYs: plotter.XYs{{X: at.X, Y: at.Y}}, Labels: []string{at.Label}, TextStyle: []draw.TextStyle{text}, Offset: vg.Point{X: 5, Y: 6}})
				}
			}
		}
		p.Draw(c)
	}}
}

// interval is a range of numbers.
type interval struct{ low, high float64 }

func nowhere() interval { return interval{math.Inf(1), math.Inf(-1)} }

// take extends the range to x if x is finite.
func (e *interval) take(x float64) {
	if finite(x) {
		e.low, e.high = min(e.low, x), max(e.high, x)
	}
}

// with returns the limits of the axis for values in this range with intervals. The intervals may
// add half of the range on each side. The limits include a margin.
func (e interval) with(intervals interval) (low, high float64) {
	if math.IsInf(e.low, 1) {
		return 0, 1
	}
	if same(e.low, e.high) {
		e.low, e.high = e.low-1, e.high+1
	}
	room := (e.high - e.low) / 2
	low, high = min(e.low, max(intervals.low, e.low-room)), max(e.high, min(intervals.high, e.high+room))
	air := 0.06 * (high - low)
	if e.low >= 0 { // times and accuracies are never negative
		return max(low-air, -air/2), high + air
	}
	return low - air, high + air
}

// extent returns the limits of the axis in one direction; any is false without a finite point.
func extent(clusters []Cluster, of func(Point) (x, half float64)) (low, high float64, any bool) {
	values, intervals := nowhere(), nowhere()
	for _, c := range clusters {
		for _, p := range c.Points {
			x, half := of(p)
			values.take(x)
			intervals.take(x - half)
			intervals.take(x + half)
			any = any || finite(x)
		}
	}
	low, high = values.with(intervals)
	return low, high, any
}

// staircase joins the points at right angles: each value continues to the x of the next point.
func staircase(points []Point) (way plotter.XYs) {
	for i, p := range points {
		if i > 0 {
			way = append(way, plotter.XY{X: p.X, Y: points[i-1].Y})
		}
		way = append(way, plotter.XY{X: p.X, Y: p.Y})
	}
	return way
}

func stepStyle() draw.LineStyle {
	style := line(ink, 1)
	style.Dashes = []vg.Length{4, 2}
	return style
}

// glyphLegend draws a row of shapes with names, from the top of the canvas down. It returns the
// bottom of the legend.
func glyphLegend(c draw.Canvas, clusters []Cluster, plane Plane) (bottom vg.Length) {
	const gap, row = 12, 13
	text := after(sans(smallSize))
	x, y := c.Min.X, c.Max.Y-row/2
	entry := func(name string, sample vg.Length, draw func(at vg.Point)) {
		width := sample + 5 + text.Width(name)
		if x > c.Min.X && x+width > c.Max.X {
			x, y = c.Min.X, y-row
		}
		draw(vg.Point{X: x, Y: y})
		c.FillText(text, vg.Point{X: x + sample + 5, Y: y}, name)
		x += width + gap
	}
	for _, cluster := range clusters {
		if len(cluster.Points) > 0 {
			entry(cluster.Name, 6, func(at vg.Point) { c.DrawGlyph(classStyle(cluster.Class), vg.Point{X: at.X + 3, Y: at.Y}) })
		}
	}
	if len(plane.Steps) > 0 {
		entry(plane.Legend, 18, func(at vg.Point) { c.StrokeLine2(stepStyle(), at.X, at.Y, at.X+18, at.Y) })
	}
	return y - row/2
}
