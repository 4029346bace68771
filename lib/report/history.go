package report

import (
	"fmt"
	"slices"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/cellgraph"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/run"
)

// History is the history of a run by epochs and steps, from its events.
type History struct {
	Epochs  []run.Event
	Metrics []event.Metrics // metrics of each epoch
	Best    int             // index of the epoch with the lowest validation loss; -1: none
	Seconds float64

	steps   []run.Event
	inEpoch int // number of steps in an epoch

	// At lists the epochs of a search that have details, counted from 1. The fields below belong to
	// them. Index 0 is the normal cell, 1 the reduction cell.
	At []float64
	// operations of the search space: the columns of Alphas
	Operations []string
	Alphas     [2][][][]float64
	Betas      [2][][]float64
	Genotypes  []*cell.Genotype
	// skip connections of the normal cell in epochs that ended a phase early, counted from 1
	Stopped map[int]int
}

// HistoryOf summarises the events of a run.
func HistoryOf(events []run.Event) History {
	h := History{Best: -1, Stopped: map[int]int{}}
	for _, e := range events {
		h.Seconds = max(h.Seconds, e.Seconds)
		switch e.Kind {
		case event.EndOfStep:
			h.steps = append(h.steps, e)
			h.inEpoch = max(h.inEpoch, e.Step+1)
		case event.EndOfEpoch:
			if e.Best {
				h.Best = len(h.Epochs)
			}
			h.Epochs = append(h.Epochs, e)
			h.Metrics = append(h.Metrics, e.Metrics)
			a, ok := e.Architecture()
			if !ok {
				continue // an epoch of a training, or damaged details, which pages leave out
			}
			if h.Operations == nil { // the first phase has all operations
				h.Operations = a.Space()
			}
			h.At = append(h.At, float64(e.Epoch+1))
			h.Genotypes = append(h.Genotypes, a.Genotype)
			if a.Stopped > 0 {
				h.Stopped[e.Epoch+1] = a.Stopped
			}
			for t := range a.Alphas {
				h.Alphas[t] = append(h.Alphas[t], a.Full(t, h.Operations))
				h.Betas[t] = append(h.Betas[t], a.Betas[t])
			}
		}
	}
	return h
}

// Series returns the curve of a metric over the run, times factor; x is the epoch. For a metric of
// steps the curve has about fifty means over steps, or one mean an epoch if there are enough
// epochs.
func (h History) Series(name, metric string, factor float64) figure.Series {
	const points = 50
	s := figure.Series{Name: name}
	add := func(x float64, sum, n float64) {
		s.X, s.Y = append(s.X, x), append(s.Y, factor*sum/n)
	}
	if len(h.Epochs) >= points/2 || !h.inSteps(metric) {
		for _, e := range h.Epochs {
			if value, ok := e.Metrics[metric]; ok {
				add(float64(e.Epoch+1), value, 1)
			}
		}
		return s
	}
	size := max(1, (len(h.steps)+points-1)/points)
	for at := 0; at < len(h.steps); at += size {
		var x, sum, n float64
		for _, e := range h.steps[at:min(at+size, len(h.steps))] {
			if value, ok := e.Metrics[metric]; ok {
				x += float64(e.Epoch) + float64(e.Step+1)/float64(h.inEpoch)
				sum += value
				n++
			}
		}
		if n > 0 {
			add(x/n, sum, n)
		}
	}
	return s
}

// inSteps reports whether the metric is measured in each step rather than in each epoch.
func (h History) inSteps(metric string) bool {
	return slices.ContainsFunc(h.steps, func(e run.Event) bool { _, ok := e.Metrics[metric]; return ok })
}

// Has reports whether a metric was recorded.
func (h History) Has(metric string) bool {
	for _, m := range h.Metrics {
		if _, ok := m[metric]; ok {
			return true
		}
	}
	return false
}

// Cells draws the last epoch's alphas and the cells derived from them. It returns an error if a
// cell can't be drawn.
func (h History) Cells() (parts []figure.Figure, err error) {
	last := len(h.At) - 1
	if last < 0 {
		return nil, nil
	}
	parts = append(parts, figure.Alphas(fmt.Sprintf("After epoch %g", h.At[last]), h.Operations, h.Alphas[0][last], h.Alphas[1][last]))
	g := h.Genotypes[last]
	if g == nil {
		return parts, nil
	}
	normal, err := cellgraph.Normal("Normal cell", *g)
	if err != nil {
		return nil, err
	}
	reduction, err := cellgraph.Reduction("Reduction cell", *g)
	return append(parts, normal, reduction), err
}
