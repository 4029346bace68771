package figure

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bar is a named value. The bar of an operation has the operation's colour.
type Bar struct {
	Name  string
	Value float64 // not negative
	Label string  // the value as text, drawn at the end of the bar
}

// Bars draws horizontal bars from zero, one below the other in the given order. Panels stand beside
// each other. They share the names, and each panel has its own scale.
func Bars(panels ...BarPanel) Figure {
	if len(panels) == 0 || len(panels[0].Bars) == 0 {
		return message("no values were measured")
	}
	text := sans(fontSize)
	var names vg.Length
	rows := 0
	for _, p := range panels {
		rows = max(rows, len(p.Bars))
		for _, b := range p.Bars {
			// Viewers may substitute a wider font.
			names = max(names, 1.15*text.Width(b.Name))
		}
	}
	const row, room, labels, gap, head vg.Length = 18, 190, 62, 14, 40
	left := names + 16
	panel := room + labels + gap
	return Figure{left + panel*vg.Length(len(panels)), head + row*vg.Length(rows) + 8, func(c draw.Canvas) {
		for i, p := range panels {
			x := c.Min.X + left + panel*vg.Length(i)
			c.FillText(below(sans(titleSize)), vg.Point{X: x, Y: c.Max.Y - 4}, p.Title)
			c.FillText(below(coloured(sans(smallSize), grey)), vg.Point{X: x, Y: c.Max.Y - 22}, p.Unit)
			most := slices.MaxFunc(p.Bars, func(a, b Bar) int { return sign(a.Value - b.Value) }).Value
			for j, b := range p.Bars {
				y := c.Max.Y - head - row*(vg.Length(j)+0.5)
				if i == 0 {
					c.FillText(before(text), vg.Point{X: x - 6, Y: y}, b.Name)
				}
				length := vg.Length(0)
				if most > 0 && finite(b.Value) {
					length = room * vg.Length(max(0, b.Value)/most)
				}
				colour := OperationColor(b.Name)
				if colour == grey && b.Name != "none" {
					colour = blue
				}
				fillRectangle(c, vg.Rectangle{Min: vg.Point{X: x, Y: y - row*0.34}, Max: vg.Point{X: x + length, Y: y + row*0.34}}, colour)
				c.FillText(after(sans(smallSize)), vg.Point{X: x + length + 4, Y: y}, b.Label)
			}
			c.StrokeLine2(line(faint, 0.75), x, c.Max.Y-head, x, c.Max.Y-head-row*vg.Length(len(p.Bars)))
		}
	}}
}

// BarPanel is a set of bars that share a scale.
type BarPanel struct {
	Title, Unit string
	Bars        []Bar
}

// Add adds a bar at the bottom. format makes its label of the value, e.g. "%.2f".
func (p *BarPanel) Add(name string, value float64, format string) {
	p.Bars = append(p.Bars, Bar{Name: name, Value: value, Label: fmt.Sprintf(format, value)})
}

// sign returns -1, 0 or 1. NaN counts as negative, so it sorts first.
func sign(x float64) int {
	switch {
	case x > 0:
		return 1
	case x < 0 || math.IsNaN(x):
		return -1
	}
	return 0
}
