package analysis_test

import (
	"fmt"

	"github.com/essnas/essnas/lib/analysis"
	"github.com/essnas/essnas/lib/cell"
)

// The percentiles compare a found cell's depth and width with those of random cells.
func ExampleOf() {
	g, _ := cell.Published("DARTS_V2")
	m := analysis.Of(g.Normal, g.NormalConcat, 1)
	band := analysis.Random(cell.DARTS(), 10000, 1)
	fmt.Printf("depth %d, percentile %.0f; width %.1f, percentile %.0f\n", m.Depth, band.Percentile("depth", float64(m.Depth)), m.Width, band.Percentile("width", m.Width))
	// Output: depth 2, percentile 18; width 3.5, percentile 96
}
