package figure

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// AlphaHistory draws the weights of the operations on each edge of a cell over the epochs: one heat
// map per edge, with epochs to the right, operations downwards and softmax(alpha) as colour. The
// maps stand like the edges in the cell: the row is the state that an edge enters, the column the
// node that it leaves. shares is [epoch][edge][operation]; NaN marks an operation that an edge does
// not have. epochs is [epoch]; nil stands for 1, 2, 3, ...
func AlphaHistory(title string, operations []string, epochs []float64, shares [][][]float64) Figure {
	if len(shares) == 0 || len(shares[0]) == 0 {
		return message("no alphas were recorded")
	}
	epochs = counted(epochs, len(shares))
	low, top := span(shares...)
	marks := make(plot.ConstantTicks, len(operations))
	for i, op := range operations {
		marks[i] = plot.Tick{Value: float64(len(operations) - 1 - i), Label: op}
	}
	figure := triangle(len(shares[0]), 60, func(e int) *plot.Plot {
		p := axes("", "")
		p.Y.Min, p.Y.Max = -0.5, float64(len(operations))-0.5
		p.X.Min, p.X.Max = epochs[0]-0.5, epochs[len(epochs)-1]+0.5
		p.X.Tick.Marker = ticks{n: 4, whole: true}
		p.Y.Tick.Marker = marks
		p.Y.Tick.Length = 0
		p.Add(heat{operations: len(operations), epochs: len(shares), low: low, top: top, value: func(epoch, op int) float64 {
			if e >= len(shares[epoch]) || op >= len(shares[epoch][e]) {
				return math.NaN()
			}
			return shares[epoch][e][op]
		}})
		return p
	})
	explanation := "each map: one edge; to the right: epochs; colour: " + weightName(shares...)
	if slices.ContainsFunc(shares, incomplete) {
		explanation += "; grey: the edge does not have the operation (any more)"
	}
	return figure.titled(title, explanation, func(c draw.Canvas) {
		colourBar(c, low, top)
	})
}

// weightName names the function that makes the weights [edge][operation] from alphas. The weights
// of a softmax add up to 1 on each edge.
func weightName(shares ...[][]float64) string {
	for _, edges := range shares {
		for _, edge := range edges {
			var sum float64
			for _, p := range edge {
				if !math.IsNaN(p) {
					sum += p
				}
			}
			if math.Abs(sum-1) > 1e-3 {
				return "sigmoid(alpha)"
			}
		}
	}
	return "softmax(alpha)"
}

// incomplete reports whether some edge lacks an operation.
func incomplete(shares [][]float64) bool {
	return slices.ContainsFunc(slices.Concat(shares...), math.IsNaN)
}

// AlphaLines draws the data of [AlphaHistory] as lines: the height is softmax(alpha), the colour is
// the operation's. shares is [epoch][edge][operation].
func AlphaLines(title string, operations []string, epochs []float64, shares [][][]float64) Figure {
	if len(shares) == 0 || len(shares[0]) == 0 {
		return message("no alphas were recorded")
	}
	epochs = counted(epochs, len(shares))
	low, top := span(shares...)
	style := func(i int) draw.LineStyle {
		s := line(OperationColor(operations[i]), 1.25)
		if OperationDashed(operations[i]) {
			s.Dashes = []vg.Length{4, 1.5}
		}
		return s
	}
	figure := triangle(len(shares[0]), 24, func(e int) *plot.Plot {
		p := axes("", "")
		p.Y.Min, p.Y.Max = low, top
		p.X.Min, p.X.Max = epochs[0], max(epochs[len(epochs)-1], epochs[0]+1e-3)
		p.X.Tick.Marker, p.Y.Tick.Marker = ticks{n: 4, whole: true}, ticks{n: 4}
		for o := range operations {
			series := Series{X: epochs}
			for _, at := range shares {
				y := math.NaN()
				if e < len(at) && o < len(at[e]) {
					y = at[e][o]
				}
				series.Y = append(series.Y, y)
			}
			for _, run := range series.runs() {
				p.Add(&plotter.Line{XYs: run, LineStyle: style(o)})
			}
		}
		return p
	})
	return figure.titled(title, "each plot: one edge; to the right: epochs; upwards: "+weightName(shares...), func(c draw.Canvas) {
		legend(c, operations, style)
	})
}

// Betas draws the weights of the edges that enter each state, softmax(beta), over the epochs.
// shares is [epoch][edge]; epochs is [epoch], and nil stands for 1, 2, 3, ...
func Betas(title string, epochs []float64, shares [][]float64) Figure {
	if len(shares) == 0 || len(shares[0]) == 0 {
		return message("no betas were recorded")
	}
	epochs = counted(epochs, len(shares))
	all := edges(len(shares[0]))
	var charts []Chart
	for i, e := range all {
		if i == 0 || e.to != all[i-1].to {
			charts = append(charts, Chart{Title: fmt.Sprintf("%s: edges into state %s", title, NodeName(e.to)), X: "epoch", Y: "softmax(beta)"})
		}
		series := Series{Name: "from " + NodeName(e.from), X: epochs}
		for _, at := range shares {
			series.Y = append(series.Y, at[i])
		}
		charts[len(charts)-1].Series = append(charts[len(charts)-1].Series, series)
	}
	return Curves(charts...)
}

// counted returns the epochs, or 1, 2, 3, ... if there are none.
func counted(epochs []float64, n int) []float64 {
	if len(epochs) == n {
		return epochs
	}
	epochs = make([]float64, n)
	for i := range epochs {
		epochs[i] = float64(i + 1)
	}
	return epochs
}

const (
	panelWidth  vg.Length = 118
	panelHeight vg.Length = 96 // includes the title and the numbers of the axis
)

// triangular is a figure with one panel per edge, in the lower left triangle of the square of
// entered states and left nodes.
type triangular struct {
	rows, columns int
	plots         [][]*plot.Plot
	left          vg.Length // room for the names at the left
}

func triangle(n int, left vg.Length, panel func(edge int) *plot.Plot) triangular {
	all := edges(n)
	t := triangular{rows: all[n-1].to - 1, columns: all[n-1].to, left: left}
	t.plots = make([][]*plot.Plot, t.rows)
	for r := range t.plots {
		t.plots[r] = make([]*plot.Plot, t.columns)
	}
	for i, e := range all {
		p := panel(i)
		if e.from > 0 {
			p.Y.Tick.Marker = silent{p.Y.Tick.Marker}
		}
		if e.to < t.rows+1 {
			p.X.Tick.Marker = silent{p.X.Tick.Marker}
		} else {
			p.X.Label.Text = "epoch"
			p.X.Label.TextStyle.Font.Size = smallSize
		}
		t.plots[e.to-2][e.from] = p
	}
	return t
}

// silent draws tick marks without numbers.
type silent struct{ plot.Ticker }

func (s silent) Ticks(low, high float64) []plot.Tick {
	marks := append([]plot.Tick(nil), s.Ticker.Ticks(low, high)...)
	for i := range marks {
		marks[i].Label = ""
	}
	return marks
}

// titled returns the figure with a title, a line of explanation, and a key in the empty corner of
// the triangle.
func (t triangular) titled(title, explanation string, key func(c draw.Canvas)) Figure {
	const heading vg.Length = 38
	width, height := t.left+panelWidth*vg.Length(t.columns)+12, heading+panelHeight*vg.Length(t.rows)+18
	return Figure{width, height, func(c draw.Canvas) {
		c.FillText(below(sans(titleSize)), vg.Point{X: c.Min.X + 8, Y: c.Max.Y - 4}, title)
		c.FillText(below(sans(smallSize)), vg.Point{X: c.Min.X + 8, Y: c.Max.Y - 20}, explanation)
		body := inset(c, 6, 8, 4, heading)
		tiles := draw.Tiles{Rows: t.rows, Cols: t.columns, PadX: 6, PadY: 16, PadTop: 14}
		for r, row := range plot.Align(t.plots, tiles, body) {
			for i, canvas := range row {
				p := t.plots[r][i]
				if p == nil {
					continue
				}
				p.Draw(canvas)
				area := p.DataCanvas(canvas)
				name := centred(sans(smallSize))
				name.YAlign = draw.YBottom
				c.FillText(name, vg.Point{X: area.Center().X, Y: area.Max.Y + 4}, edge{i, r + 2}.String())
			}
		}
		corner := body
		corner.Min.X = body.Max.X - panelWidth*1.9
		corner.Max.X -= 8
		corner.Min.Y = body.Max.Y - panelHeight*0.95
		corner.Max.Y -= 8
		key(corner)
	}}
}

// heat draws one coloured cell per epoch and operation as a single image. Gonum's plotter.HeatMap
// draws thousands of rectangles, which make SVG files of megabytes, or an image without square
// pixels, which a PNG blurs.
type heat struct {
	operations, epochs int
	low, top           float64
	value              func(epoch, operation int) float64
}

// Plot implements plot.Plotter. The image fills the area of the plot.
func (h heat) Plot(c draw.Canvas, _ *plot.Plot) {
	picture := image.NewNRGBA(image.Rect(0, 0, h.epochs, h.operations))
	for epoch := range h.epochs {
		for op := range h.operations {
			share := h.value(epoch, op)
			colour := color.NRGBA{0xee, 0xee, 0xee, 0xff} // missing
			if !math.IsNaN(share) {
				colour = ramp((share - h.low) / (h.top - h.low))
			}
			picture.SetNRGBA(epoch, op, colour)
		}
	}
	pixels(c, picture, c.Rectangle)
}
