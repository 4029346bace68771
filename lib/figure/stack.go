package figure

import (
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
