package figure

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg/draw"
)

// Alphas draws the weight of each operation on each edge, softmax(alpha), for the normal and for
// the reduction cell, [edge][operation]. Edges are in the order of a cell's edges (0→2, 1→2, 0→3,
// ...). NaN marks an operation that an edge does not have (any more).
func Alphas(title string, operations []string, normal, reduce [][]float64) Figure {
	if len(normal) == 0 || len(reduce) == 0 {
		return message("no alphas were recorded")
	}
	low, top := span(normal, reduce)
	one := func(name string, shares [][]float64) matrix {
		m := matrix{
			title: title + ", " + name, rowAxis: "edge (from → to)", columnAxis: weightName(normal, reduce), columns: operations,
			cellWidth: 32, cellHeight: 17, textSize: smallSize, low: low, top: top,
			value: func(row, column int) (float64, string) {
				if column >= len(shares[row]) {
					return math.NaN(), ""
				}
				return shares[row][column], fmt.Sprintf("%.3f", shares[row][column])
			},
		}
		for _, e := range edges(len(shares)) {
			m.rows = append(m.rows, e.String())
		}
		return m
	}
	left, right := one("normal cell", normal), one("reduction cell", reduce)
	width, height := left.size()
	width2, height2 := right.size()
	return Figure{width + width2, max(height, height2), func(c draw.Canvas) {
		left.draw(inset(c, 0, width2, 0, 0))
		right.draw(inset(c, width, 0, 0, 0))
	}}
}
