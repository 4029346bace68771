package figure

import (
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Stack draws figures one below the other.
func Stack(figures ...Figure) Figure {
	var width, height vg.Length
	for _, f := range figures {
		width, height = max(width, f.width), height+f.height
	}
	return Figure{width, height, func(c draw.Canvas) {
		top := c.Max.Y
		for _, f := range figures {
			part := c
			part.Rectangle = vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: top - f.height}, Max: vg.Point{X: c.Min.X + f.width, Y: top}}
			f.draw(part)
			top -= f.height
		}
	}}
}

// Note returns a figure of wrapped lines of text, for use in a [Stack].
func Note(paragraphs ...string) Figure {
	const width vg.Length = 740
	const leading vg.Length = 12
	style := sans(smallSize)
	var lines []string
	for _, p := range paragraphs {
		line := ""
		for _, word := range strings.Fields(p) {
			if line != "" && style.Width(line+" "+word) > width-16 {
				lines = append(lines, line)
				line = ""
			}
			line = strings.TrimPrefix(line+" "+word, " ")
		}
		lines = append(lines, line)
	}
	return Figure{width, leading*vg.Length(len(lines)) + 10, func(c draw.Canvas) {
		for i, line := range lines {
			c.FillText(below(style), vg.Point{X: c.Min.X + 8, Y: c.Max.Y - 4 - leading*vg.Length(i)}, line)
		}
	}}
}
