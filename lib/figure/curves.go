package figure

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Series is one line of a chart: the points (X[i], Y[i]). A nil X stands for 1, 2, 3, ... Points
// with a NaN or an infinity are left out and leave a gap.
type Series struct {
	Name   string
	X, Y   []float64
	Colour color.Color // of the line; nil: the palette's, and every other line is dashed
	Dashed bool        // of a line with a Colour
}

// Chart is a pair of axes with its lines. X and Y name the axes, with units.
type Chart struct {
	Title, X, Y string
	Series      []Series
}

const (
	chartWidth  vg.Length = 370
	chartHeight vg.Length = 240
)

// Curves draws charts, two in a row. It leaves out series and charts without a finite point.
func Curves(charts ...Chart) Figure {
	var kept []Chart
	for _, c := range charts {
		c.Series = slices.DeleteFunc(slices.Clone(c.Series), func(s Series) bool { return len(s.runs()) == 0 })
		if len(c.Series) > 0 {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return message("no values were recorded")
	}
	columns := min(2, len(kept))
	rows := (len(kept) + columns - 1) / columns
	return Figure{chartWidth * vg.Length(columns), chartHeight * vg.Length(rows), func(c draw.Canvas) {
		tiles := draw.Tiles{Rows: rows, Cols: columns}
		for i, chart := range kept {
			chart.draw(tiles.At(c, i%columns, i/columns))
		}
	}}
}

func (ch Chart) draw(c draw.Canvas) {
	c = inset(c, 4, 14, 4, 4)
	c.FillText(below(sans(titleSize)), vg.Point{X: c.Min.X + 8, Y: c.Max.Y}, ch.Title)
	names := make([]string, len(ch.Series))
	for i, s := range ch.Series {
		names[i] = s.Name
	}
	style := func(i int) draw.LineStyle {
		s := seriesStyle(i)
		if own := ch.Series[i]; own.Colour != nil {
			s.Color, s.Dashes = own.Colour, nil
			if own.Dashed {
				s.Dashes = dashes
			}
		}
		return s
	}
	bottom := legend(inset(c, 8, 0, 0, 18), names, style)
	c.Max.Y = bottom - 4

	p := axes(ch.X, ch.Y)
	b := ch.bounds()
	p.X.Min, p.X.Max = b.xMin, b.xMax
	p.Y.Min, p.Y.Max = b.yMin, b.yMax
	p.X.Tick.Marker = ticks{n: 7, whole: b.whole}
	for i, s := range ch.Series {
		for _, run := range s.runs() {
			p.Add(&plotter.Line{XYs: run, LineStyle: style(i)})
			// Few values get markers. A single value makes no line and needs one.
			if len(s.Y) <= 12 || len(run) == 1 {
				p.Add(&plotter.Scatter{XYs: run, GlyphStyle: draw.GlyphStyle{Color: style(i).Color, Radius: 2, Shape: draw.CircleGlyph{}}})
			}
		}
	}
	p.Draw(c)
}

// below aligns a text below the point where it is drawn.
func below(style draw.TextStyle) draw.TextStyle {
	style.YAlign = draw.YTop
	return style
}

var dashes = []vg.Length{5, 2}

func seriesStyle(i int) draw.LineStyle {
	palette := Palette()
	style := line(palette[i%len(palette)], 1.5)
	if i%2 == 1 { // dashes tell lines apart without colour
		style.Dashes = dashes
	}
	return style
}

// runs splits the points into stretches of finite points.
func (s Series) runs() (runs []plotter.XYs) {
	var run plotter.XYs
	for i, y := range s.Y {
		x := float64(i + 1)
		if s.X != nil {
			if i >= len(s.X) {
				break
			}
			x = s.X[i]
		}
		if finite(x) && finite(y) {
			run = append(run, plotter.XY{X: x, Y: y})
		} else if run != nil {
			runs, run = append(runs, run), nil
		}
	}
	if run != nil {
		runs = append(runs, run)
	}
	return runs
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

type bounds struct {
	xMin, xMax, yMin, yMax float64
	whole                  bool // every x is a whole number
}

// bounds returns the limits of the axes: the range of the data with a margin above and below, from
// zero if the data come near it.
func (ch Chart) bounds() bounds {
	b := bounds{whole: true, xMin: math.Inf(1), xMax: math.Inf(-1), yMin: math.Inf(1), yMax: math.Inf(-1)}
	for _, s := range ch.Series {
		for _, run := range s.runs() {
			for _, p := range run {
				b.xMin, b.xMax = min(b.xMin, p.X), max(b.xMax, p.X)
				b.whole = b.whole && p.X == math.Trunc(p.X)
				b.yMin, b.yMax = min(b.yMin, p.Y), max(b.yMax, p.Y)
			}
		}
	}
	if same(b.xMin, b.xMax) {
		b.xMin, b.xMax = b.xMin-1, b.xMax+1
	}
	if same(b.yMin, b.yMax) {
		air := max(math.Abs(b.yMin)*0.1, 1e-6)
		b.yMin, b.yMax = b.yMin-air, b.yMax+air
	}
	air := 0.06 * (b.yMax - b.yMin)
	if b.yMin >= 0 && b.yMin < 0.35*b.yMax {
		b.yMin = 0
	} else {
		b.yMin -= air
	}
	b.yMax += air
	return b
}

// same reports whether two numbers differ by rounding only, so that an axis between them has no
// meaning.
func same(a, b float64) bool { return math.Abs(b-a) <= 1e-9*max(math.Abs(a), math.Abs(b)) }

// axes returns an empty plot in this package's style.
func axes(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle = aligned(sans(fontSize), draw.XCenter)
		a.Label.Padding = 2
		a.LineStyle = line(faint, 0.75)
		a.Padding = 0
		a.Tick.LineStyle = line(faint, 0.75)
		a.Tick.Length = 3
		a.Tick.Marker = ticks{n: 7}
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Label.TextStyle.YAlign = draw.YBottom
	p.Y.Label.TextStyle.YAlign = draw.YBottom
	p.X.Tick.Label = centred(sans(smallSize))
	p.X.Tick.Label.YAlign = draw.YTop
	p.Y.Tick.Label = before(sans(smallSize))
	grid := plotter.NewGrid()
	grid.Horizontal, grid.Vertical = line(paler, 0.5), draw.LineStyle{}
	p.Add(grid)
	return p
}

// legend draws a sample of each line with its name, in as many rows as needed, from the top of the
// canvas down. It returns the bottom of the legend.
func legend(c draw.Canvas, names []string, style func(i int) draw.LineStyle) (bottom vg.Length) {
	const sample, gap, row = 16, 10, 12
	text := after(sans(smallSize))
	x, y := c.Min.X, c.Max.Y-row/2
	for i, name := range names {
		width := sample + 4 + text.Width(name)
		if x > c.Min.X && x+width > c.Max.X {
			x, y = c.Min.X, y-row
		}
		c.StrokeLine2(style(i), x, y, x+sample, y)
		c.FillText(text, vg.Point{X: x + sample + 4, Y: y}, name)
		x += width + gap
	}
	return y - row/2
}
