package stage

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/run"
)

// tradeOffName returns the file of the figure of robust against clean accuracy. It lies beside the
// figure of the robust accuracies, picture.
func tradeOffName(picture string) string {
	return strings.TrimSuffix(picture, filepath.Ext(picture)) + "-trade-off.png"
}

// tradeOff draws the robust against the clean accuracy of runs, a cluster of points for each
// epsilon, with 95 % intervals. The staircase is the Pareto front at the smallest epsilon.
func tradeOff(names []string, all []run.Attacked) figure.Figure {
	o := all[0].Result.Options
	clusters := make([]figure.Cluster, len(o.Eps))
	for e, eps := range o.Eps {
		clusters[e] = figure.Cluster{Name: fmt.Sprintf("epsilon %.3g", greys(o, eps)), Class: e}
		for i, a := range all {
			clean, robust := a.Result.Clean, a.Result.At[e].Robust
			p := figure.Point{
				X: 100 * clean.Value, DX: 50 * (clean.Range.High - clean.Range.Low),
				Y: 100 * robust.Value, DY: 50 * (robust.Range.High - robust.Range.Low),
			}
			if e == 0 {
				p.Label = names[i]
			}
			clusters[e].Points = append(clusters[e].Points, p)
		}
	}
	return figure.Scatter(figure.Plane{
		Title: fmt.Sprintf("%s on %s, %s test images", o.Method, all[0].Data, humanize.Comma(int64(all[0].Result.Images))),
		X:     "clean accuracy (%)", Y: "images that withstand (%)", Note: "lines: 95 % intervals of the test images; " + epsilonAxis(o),
		Steps: front(clusters[0].Points), Legend: "Pareto front of " + clusters[0].Name,
	}, clusters...)
}

// front returns the points that no other point beats in both coordinates, from left to right.
func front(points []figure.Point) (best []figure.Point) {
	for _, p := range points {
		if !slices.ContainsFunc(points, func(q figure.Point) bool {
			return q.X >= p.X && q.Y >= p.Y && (q.X > p.X || q.Y > p.Y)
		}) {
			best = append(best, p)
		}
	}
	slices.SortFunc(best, func(a, b figure.Point) int { return cmp.Compare(a.X, b.X) })
	return best
}
