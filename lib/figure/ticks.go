package figure

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// ticks places about n ticks at round values: multiples of 1, 2 or 5 times a power of ten. The
// labels have no more digits than needed.
type ticks struct {
	n     int
	whole bool // whole numbers only: there is no epoch 1.5
}

// Ticks implements plot.Ticker.
func (t ticks) Ticks(low, high float64) []plot.Tick {
	if same(low, high) { // steps between them would vanish in rounding
		return []plot.Tick{{Value: low, Label: strconv.FormatFloat(low, 'g', 4, 64)}}
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/float64(t.n))))
	for _, factor := range []float64{1, 2, 5, 10} {
		if (high-low)/(step*factor) <= float64(t.n)+1e-9 {
			step *= factor
			break
		}
	}
	if t.whole {
		step = max(step, 1)
	}
	digits := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	var marks []plot.Tick
	for i := math.Ceil(low/step - 1e-9); i <= math.Floor(high/step+1e-9); i++ {
		value := i*step + 0 // adding 0 turns -0 into 0
		label := strconv.FormatFloat(value, 'f', digits, 64)
		if digits > 5 || value >= 1e6 {
			label = strconv.FormatFloat(value, 'g', 4, 64)
		}
		marks = append(marks, plot.Tick{Value: value, Label: label})
	}
	return marks
}
