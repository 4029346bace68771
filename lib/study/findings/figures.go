package findings

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/cellgraph"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/score/student"
)

// note returns the note in the figures of a study whose numbers have no meaning, or "".
func (r *Results) note() string {
	if r.Config.small() {
		return "Few images, epochs and seeds: the numbers have no meaning and show the form of a study."
	}
	return ""
}

func class(c Configuration) int { return slices.Index(Groups(), c.Group) }

// Dots draws a measure of every configuration: its seeds, their mean, the 95 % interval.
func (r *Results) Dots(m Measure) figure.Figure {
	var samples []figure.Sample
	for _, l := range r.Lines {
		values := r.Values(l.Configuration.Name, m)
		if len(values) == 0 {
			continue
		}
		e := student.Mean(values)
		s := figure.Sample{
			Name: fmt.Sprintf("%s (n = %d)", l.Configuration.Title, e.N), Values: values, Mean: e.Mean,
			Low: math.NaN(), High: math.NaN(), Class: class(l.Configuration),
		}
		if e.N > 1 {
			s.Low, s.High = e.Mean-e.Half, e.Mean+e.Half
		}
		samples = append(samples, s)
	}
	title := m.Title + ": seeds, means, 95 % intervals"
	return figure.Dots(title, axis(m), r.note(), samples)
}

func axis(m Measure) string {
	if m.Unit == "" {
		return m.Title
	}
	return fmt.Sprintf("%s (%s)", m.Title, m.Unit)
}

// Pareto draws accuracy against search time, a point for each configuration, and the Pareto front.
func (r *Results) Pareto() figure.Figure {
	unit, scale := timeUnit(r.Lines)
	clusters := make([]figure.Cluster, len(Groups()))
	for i, group := range Groups() {
		clusters[i] = figure.Cluster{Name: GroupTitle(group), Class: i}
	}
	var front []figure.Point
	for _, l := range r.Lines {
		if l.Accuracy.N == 0 {
			continue
		}
		p := figure.Point{X: l.SearchSeconds.Mean / scale, Y: l.Accuracy.Mean}
		if l.Accuracy.N > 1 {
			p.DX, p.DY = l.SearchSeconds.Half/scale, l.Accuracy.Half
		}
		if l.Configuration.SSFactor > 0 {
			p.Label = fmt.Sprintf("%g", l.Configuration.SSFactor)
		}
		if l.Pareto {
			front = append(front, p)
		}
		i := class(l.Configuration)
		clusters[i].Points = append(clusters[i].Points, p)
	}
	slices.SortFunc(front, func(a, b figure.Point) int { return cmp.Compare(a.X, b.X) })
	return figure.Scatter(figure.Plane{
		Title: fmt.Sprintf("Accuracy against search time, means of n = %s seeds", r.seeds()), X: fmt.Sprintf("search time (%s)", unit),
		Y: "test accuracy on " + Title(r.Config.Dataset) + " (%)", Note: r.note(), Steps: front, Legend: "Pareto front",
	}, clusters...)
}

// timeUnit returns the unit for search times.
func timeUnit(lines []Line) (unit string, seconds float64) {
	longest := 0.0
	for _, l := range lines {
		longest = max(longest, l.SearchSeconds.Mean)
	}
	switch {
	case longest > 2*86400:
		return "days", 86400
	case longest > 2*3600:
		return "h", 3600
	case longest > 2*60:
		return "min", 60
	}
	return "s", 1
}

// seeds writes the number of seeds: one number, or the smallest and the largest.
func (r *Results) seeds() string {
	low, high := 0, 0
	for _, l := range r.Lines {
		if n := l.Accuracy.N; n > 0 {
			if low == 0 || n < low {
				low = n
			}
			high = max(high, n)
		}
	}
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

// SearchAgainstFinal draws the accuracy of the supernet at the end of a search against that of the
// trained network.
func (r *Results) SearchAgainstFinal() figure.Figure {
	clusters := make([]figure.Cluster, len(Groups()))
	for i, group := range Groups() {
		clusters[i] = figure.Cluster{Name: GroupTitle(group), Class: i}
	}
	n := 0
	for _, t := range r.Trials {
		if y, ok := r.Accuracy().of(t); ok && t.Configuration.Method != "" {
			i := class(t.Configuration)
			clusters[i].Points = append(clusters[i].Points, figure.Point{X: 100 * t.SearchAccuracy, Y: y})
			n++
		}
	}
	title := fmt.Sprintf("Accuracy at the end of the search and of the trained network, n = %d", n)
	if len(r.Predictive) > 0 {
		title += fmt.Sprintf(", Kendall's tau %.2f (p = %s)", r.Predictive[0].Tau, probability(r.Predictive[0].P))
	}
	return figure.Scatter(figure.Plane{Title: title, X: "accuracy of the supernet on the architecture's half (%)", Y: "test accuracy on " + Title(r.Config.Dataset) + " (%)", Note: r.note()}, clusters...)
}

// Cells draws every found cell with the slides' counts of its operations. It returns an error if a
// cell can't be drawn.
func (r *Results) Cells() (frames []report.Frame, err error) {
	for _, t := range r.Trials {
		for i, kind := range []struct {
			name string
			draw func(string, cell.Genotype) (figure.Figure, error)
		}{{"normal", cellgraph.Normal}, {"reduction", cellgraph.Reduction}} {
			f, err := kind.draw(fmt.Sprintf("%s, seed %d: %s cell", t.Configuration.Title, t.Seed, kind.name), t.Genotype)
			if err != nil {
				return nil, err
			}
			s := t.Cells[i]
			frames = append(frames, report.Frame{
				Name:    fmt.Sprintf("%s, seed %d, %s: skips %d of 8, without parameters %d, depth %d", t.Configuration.Name, t.Seed, kind.name, s.Skips, s.ParameterFree, s.Depth),
				Figures: []figure.Figure{f},
			})
		}
	}
	return frames, nil
}
