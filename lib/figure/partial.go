package figure

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// PartialChannels draws how partial channel connections treat the channels of an edge
// (arXiv:1907.05737, figure 1): 1/k of the channels pass through the mixed operation, the others
// bypass it. A shuffle then spreads the processed channels, so that the next edge takes others.
// PartialChannels expects channels to be a multiple of k.
func PartialChannels(channels, k int) Figure {
	const side, gap, head, space vg.Length = 46, 3, 44, 90
	step := min(18, 290/vg.Length(channels))
	taken := channels / k
	height := step * vg.Length(channels)
	order := shuffled(channels, k)
	return Figure{4*side + 3*space + 40, head + height + 12, func(c draw.Canvas) {
		x := func(column int) vg.Length { return c.Min.X + 20 + (side+space)*vg.Length(column) }
		y := func(row int) vg.Length { return c.Max.Y - head - step*(vg.Length(row)+0.5) }
		fill := func(channel int) color.Color {
			if channel < taken {
				return orange
			}
			return color.NRGBA{0xc6, 0xdb, 0xef, 0xff}
		}
		box := func(column, row int, colour color.Color) {
			r := vg.Rectangle{Min: vg.Point{X: x(column), Y: y(row) - step/2 + gap/2}, Max: vg.Point{X: x(column) + side, Y: y(row) + step/2 - gap/2}}
			fillRectangle(c, r, colour)
			outline(c, r, faint)
		}
		way := func(column, from, to int, colour color.Color) {
			c.StrokeLine2(line(colour, 1), x(column)+side, y(from), x(column+1), y(to))
		}
		for i, title := range []string{"in", "", "out", "shuffled"} {
			c.FillText(below(centred(sans(fontSize))), vg.Point{X: x(i) + side/2, Y: c.Max.Y - 24}, title)
		}
		c.FillText(below(sans(titleSize)), vg.Point{X: c.Min.X + 8, Y: c.Max.Y - 4}, fmt.Sprintf("%d channels, K = %d: %d of them go through the operations", channels, k, taken))
		for i := range channels {
			box(0, i, fill(i))
			box(2, i, fill(i))
			box(3, i, fill(order[i]))
			if i < taken {
				way(0, i, i, orange)
				way(1, i, i, orange)
			} else {
				c.StrokeLine2(line(faint, 1), x(0)+side, y(i), x(2), y(i))
			}
			if order[i] < taken {
				way(2, order[i], i, orange)
			} else {
				way(2, order[i], i, paler)
			}
		}
		mixed := vg.Rectangle{Min: vg.Point{X: x(1) - 14, Y: y(taken-1) - step/2 + gap/2}, Max: vg.Point{X: x(1) + side + 14, Y: y(0) + step/2 - gap/2}}
		fillRectangle(c, mixed, color.White)
		outline(c, mixed, orange)
		c.FillText(centred(sans(smallSize)), vg.Point{X: x(1) + side/2, Y: (mixed.Min.Y + mixed.Max.Y) / 2}, "Σ softmax(α) o(x)")
		label := vg.Point{X: x(1) + side/2, Y: y(taken+(channels-taken)/2) + step/2}
		half := vg.Point{X: sans(smallSize).Width("by-pass")/2 + 4, Y: 7}
		fillRectangle(c, vg.Rectangle{Min: label.Sub(half), Max: label.Add(half)}, color.White)
		c.FillText(centred(sans(smallSize)), label, "by-pass")
	}}
}

// shuffled returns the channel at each position after a shuffle of k groups: a table of k rows,
// read by columns.
func shuffled(channels, k int) (order []int) {
	size := channels / k
	for i := range size {
		for group := range k {
			order = append(order, group*size+i)
		}
	}
	return order
}
