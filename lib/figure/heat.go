package figure

import "fmt"

// HeatMap is a table of numbers to draw as colours.
type HeatMap struct {
	Title, RowAxis, ColumnAxis string
	Rows, Columns              []string
	Values                     [][]float64 // [row][column]; NaN is missing
	Low, High                  float64     // the values of the lightest and the darkest colour
	Digits                     int         // after the point, of the numbers in the cells
}

// Heat draws a table of numbers. The colour and the text of a cell show its number.
func Heat(h HeatMap) Figure {
	if len(h.Rows) == 0 || len(h.Values) != len(h.Rows) || h.High <= h.Low {
		return message("nothing was measured yet")
	}
	m := matrix{
		title: h.Title, rowAxis: h.RowAxis, columnAxis: h.ColumnAxis, rows: h.Rows, columns: h.Columns,
		cellWidth: 38, cellHeight: 18, textSize: 8.5, low: h.Low, top: h.High,
	}
	m.value = func(row, column int) (float64, string) {
		v := h.Values[row][column]
		return v, fmt.Sprintf("%.*f", h.Digits, v)
	}
	f := m.figure()
	f.width = max(f.width, sans(titleSize).Width(h.Title)+16)
	return f
}
