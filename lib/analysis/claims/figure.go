package claims

import (
	"math"

	"github.com/essnas/essnas/lib/figure"
)

// Figure draws both groups of each tested claim as ranks among random cells, whose median is 50.
func Figure(findings []Finding) figure.Figure {
	var rows []figure.Sample
	for i, f := range findings {
		if f.Verdict == Untested {
			continue
		}
		for _, g := range []Group{f.Of, f.Than} {
			// class colours without yellow, which is too light
			row := figure.Sample{Name: f.Measure + ", " + g.Name, Values: g.Ranks, Mean: g.Percentile, Low: math.NaN(), High: math.NaN(), Class: i % 7}
			if g.Name == random {
				row.Low, row.High = 5, 95
			}
			rows = append(rows, row)
		}
	}
	return figure.Dots("The claims' groups among random cells", "rank among random cells (%)   dots: searches   bars: means   lines: 90 % of random cells", "", rows)
}
