package figure

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Correlation draws a matrix of correlations c [rows][columns] in -1..1 as a heat map: blue is
// positive, vermillion negative, white zero. Matrices of up to 12 rows show their numbers.
func Correlation(title, rowAxis, columnAxis string, c [][]float64) Figure {
	n := len(c)
	if n == 0 {
		return message("no correlations were measured")
	}
	side := min(max(220/vg.Length(n), 1.5), 26)
	const left, top, right, bottom vg.Length = 30, 40, 64, 10
	width := max(left+side*vg.Length(n)+right, sans(titleSize).Width(title)+16)
	return Figure{width, top + side*vg.Length(n) + bottom, func(canvas draw.Canvas) {
		x0, y0 := canvas.Min.X+left, canvas.Max.Y-top
		length := side * vg.Length(n)
		canvas.FillText(below(sans(titleSize)), vg.Point{X: canvas.Min.X + 8, Y: canvas.Max.Y - 4}, title)
		canvas.FillText(centred(sans(fontSize)), vg.Point{X: x0 + length/2, Y: y0 + 10}, columnAxis)
		axis := centred(sans(fontSize))
		axis.Rotation = math.Pi / 2
		canvas.FillText(axis, vg.Point{X: x0 - 12, Y: y0 - length/2}, rowAxis)
		for i, row := range c {
			for j, value := range row {
				at := vg.Point{X: x0 + side*vg.Length(j), Y: y0 - side*vg.Length(i+1)}
				fillRectangle(canvas, vg.Rectangle{Min: at, Max: at.Add(vg.Point{X: side, Y: side})}, diverging(value))
				if n <= 12 {
					canvas.FillText(coloured(centred(sans(smallSize)), textOn(math.Abs(value))), at.Add(vg.Point{X: side / 2, Y: side / 2}), fmt.Sprintf("%.2f", value))
				}
			}
		}
		outline(canvas, vg.Rectangle{Min: vg.Point{X: x0, Y: y0 - length}, Max: vg.Point{X: x0 + length, Y: y0}}, faint)
		signedBar(canvas, vg.Point{X: x0 + length + 14, Y: y0}, min(length, 180))
	}}
}

// signedBar draws the colour bar of -1..1 with numbers, downwards from this corner.
func signedBar(c draw.Canvas, corner vg.Point, height vg.Length) {
	const steps = 60
	for i := range steps { // each step overlaps the next: abutting ones would show seams
		y := corner.Y - height*vg.Length(i)/steps
		fillRectangle(c, vg.Rectangle{Min: vg.Point{X: corner.X, Y: corner.Y - height}, Max: vg.Point{X: corner.X + barWidth, Y: y}}, diverging(1-2*(float64(i)+0.5)/steps))
	}
	outline(c, vg.Rectangle{Min: corner.Sub(vg.Point{Y: height}), Max: corner.Add(vg.Point{X: barWidth})}, faint)
	for i, text := range []string{"1", "0.5", "0", "−0.5", "−1"} {
		y := corner.Y - height*vg.Length(i)/4
		c.FillText(after(sans(smallSize)), vg.Point{X: corner.X + barWidth + 5, Y: y}, text)
	}
}
