package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// matrix is a table of coloured cells with the names of rows at the left and of columns at the top.
type matrix struct {
	title, rowAxis, columnAxis string
	rows, columns              []string
	cellWidth, cellHeight      vg.Length
	textSize                   vg.Length // of labels and of texts in cells
	low, top                   float64   // the values of the lightest and the darkest colour
	value                      func(row, column int) (value float64, text string)
}

const (
	barWidth  vg.Length = 10 // the colour bar
	barMargin vg.Length = 44 // includes its numbers
)

func (m matrix) widest(labels []string) (width vg.Length) {
	for _, l := range labels {
		width = max(width, sans(m.textSize).Width(l))
	}
	return width
}

// upright reports whether the names of the columns must be rotated to fit.
func (m matrix) upright() bool { return m.widest(m.columns) > m.cellWidth-3 }

func (m matrix) margins() (left, top vg.Length) {
	left = 20 + m.widest(m.rows) + 6
	top = 36 + m.textSize + 4
	if m.upright() {
		top = 36 + m.widest(m.columns) + 4
	}
	return left, top
}

func (m matrix) size() (width, height vg.Length) {
	left, top := m.margins()
	return left + m.cellWidth*vg.Length(len(m.columns)) + 14 + barWidth + barMargin, top + m.cellHeight*vg.Length(len(m.rows)) + 8
}

func (m matrix) figure() Figure {
	width, height := m.size()
	return Figure{width, height, m.draw}
}

func (m matrix) draw(c draw.Canvas) {
	left, top := m.margins()
	x0, y0 := c.Min.X+left, c.Max.Y-top // corner of the first cell
	width, height := m.cellWidth*vg.Length(len(m.columns)), m.cellHeight*vg.Length(len(m.rows))
	label := sans(m.textSize)

	c.FillText(below(sans(titleSize)), vg.Point{X: c.Min.X + 8, Y: c.Max.Y - 4}, m.title)
	c.FillText(centred(sans(fontSize)), vg.Point{X: x0 + width/2, Y: c.Max.Y - 26}, m.columnAxis)
	axis := centred(sans(fontSize))
	axis.Rotation = math.Pi / 2
	c.FillText(axis, vg.Point{X: c.Min.X + 12, Y: y0 - height/2}, m.rowAxis)
	for i, name := range m.columns {
		at := vg.Point{X: x0 + m.cellWidth*(vg.Length(i)+0.5), Y: y0 + 4}
		style := centred(label)
		style.YAlign = draw.YBottom
		if m.upright() {
			style = after(label)
			style.Rotation = math.Pi / 2
		}
		c.FillText(style, at, name)
	}
	for i, name := range m.rows {
		y := y0 - m.cellHeight*vg.Length(i)
		c.FillText(before(label), vg.Point{X: x0 - 4, Y: y - m.cellHeight/2}, name)
		for j := range m.columns {
			x := x0 + m.cellWidth*vg.Length(j)
			cell := vg.Rectangle{Min: vg.Point{X: x, Y: y - m.cellHeight}, Max: vg.Point{X: x + m.cellWidth, Y: y}}
			value, text := m.value(i, j)
			if math.IsNaN(value) { // missing: a faint stroke instead of a colour
				c.StrokeLine2(line(paler, 0.75), cell.Min.X+3, cell.Min.Y+3, cell.Max.X-3, cell.Max.Y-3)
				continue
			}
			share := (value - m.low) / (m.top - m.low)
			if share > 0 {
				fillRectangle(c, cell, ramp(share))
			}
			if text != "" {
				c.FillText(coloured(centred(label), textOn(share)), vg.Point{X: x + m.cellWidth/2, Y: y - m.cellHeight/2}, text)
			}
		}
	}
	frame := vg.Rectangle{Min: vg.Point{X: x0, Y: y0 - height}, Max: vg.Point{X: x0 + width, Y: y0}}
	outline(c, frame, faint)
	bar := draw.Crop(c, frame.Max.X-c.Min.X+14, 0, frame.Min.Y-c.Min.Y, frame.Max.Y-c.Max.Y)
	bar.Min.Y = max(bar.Min.Y, bar.Max.Y-220)
	colourBar(bar, m.low, m.top)
}

func outline(c draw.Canvas, r vg.Rectangle, stroke color.Color) {
	path := r.Path()
	c.SetLineStyle(line(stroke, 0.75))
	c.Stroke(path)
}

// colourBar draws the ramp from low to top with numbers, at the left of the canvas.
func colourBar(c draw.Canvas, low, top float64) {
	const steps = 60
	height := c.Max.Y - c.Min.Y
	for i := range steps { // each step overlaps the next: abutting ones would show seams
		y := c.Min.Y + height*vg.Length(i)/steps
		fillRectangle(c, vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: y}, Max: vg.Point{X: c.Min.X + barWidth, Y: c.Max.Y}}, ramp((float64(i)+0.5)/steps))
	}
	outline(c, vg.Rectangle{Min: c.Min, Max: vg.Point{X: c.Min.X + barWidth, Y: c.Max.Y}}, faint)
	for _, tick := range (ticks{n: 6}).Ticks(low, top) {
		y := c.Min.Y + height*vg.Length((tick.Value-low)/(top-low))
		c.StrokeLine2(line(faint, 0.75), c.Min.X+barWidth, y, c.Min.X+barWidth+3, y)
		c.FillText(after(sans(smallSize)), vg.Point{X: c.Min.X + barWidth + 5, Y: y}, tick.Label)
	}
}

// Confusion draws a confusion matrix [true class][predicted class]. The colour is the fraction of
// the row, which makes classes of different sizes comparable. The number is the count; matrices of
// many classes omit it.
func Confusion(classes []string, confusion [][]int) Figure {
	if len(classes) == 0 || len(confusion) != len(classes) {
		return message("no images were tested")
	}
	m := matrix{
		title: "Confusion matrix", rowAxis: "true class", columnAxis: "predicted class (colour: share of the true class)",
		rows: classes, columns: classes, cellWidth: 34, cellHeight: 24, textSize: 8.5, top: 1,
	}
	numbers := len(classes) <= 25
	if !numbers {
		m.cellWidth, m.cellHeight, m.textSize = 8, 8, 6.5
	}
	m.value = func(row, column int) (float64, string) {
		total, count := 0, confusion[row][column]
		for _, n := range confusion[row] {
			total += n
		}
		if count == 0 {
			return 0, ""
		}
		text := ""
		if numbers {
			text = fmt.Sprint(count)
		}
		return float64(count) / float64(total), text
	}
	return m.figure()
}

// span returns the smallest and the largest finite value. Alphas that have hardly moved would look
// equal on a scale from 0 to 1.
func span(values ...[][]float64) (low, top float64) {
	low, top = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		for _, x := range slices.Concat(v...) {
			if finite(x) {
				low, top = min(low, x), max(top, x)
			}
		}
	}
	if !finite(low) {
		return 0, 1
	}
	if top-low < 1e-6 {
		low, top = low-0.005, top+0.005
	}
	return low, top
}
