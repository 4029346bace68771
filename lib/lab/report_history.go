package lab

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/fit"
)

// history is what a run's events tell, epoch by epoch and step by step.
type history struct {
	epochs  []Event
	metrics []fit.Metrics // of each epoch
	best    int           // index of the epoch with the lowest validation loss; -1: none
	seconds float64

	steps   []Event
	inEpoch int // steps of an epoch

	// Of the epochs of a search that have details; counted from 1. Index 0 is the normal cell, 1 the reduction cell.
	at        []float64
	alphas    [2][][][]float64
	betas     [2][][]float64
	genotypes []*cell.Genotype
	stopped   map[int]int // skip connections of the normal cell in epochs that ended a phase early, counted from 1
}

// architecture is what the details of an epoch of a search hold.
type architecture struct {
	Alphas   [2][][]float64 `json:"alphas"` // softmax, [edge][operation]
	Betas    [2][]float64   `json:"betas"`
	Genotype *cell.Genotype `json:"genotype"`

	Stopped    int           `json:"stopped_at_skips,omitempty"` // where the epoch ended its phase early
	Operations [2][][]string `json:"operations"`                 // of a progressive search: which the alphas are of, [edge][operation]
}

// full are the alphas of one cell type with a column for each primitive; NaN where an edge does not have it (any more).
func (a architecture) full(typ int) [][]float64 {
	all := make([][]float64, len(a.Alphas[typ]))
	for e, row := range a.Alphas[typ] {
		if e >= len(a.Operations[typ]) {
			all[e] = row
			continue
		}
		for _, op := range cell.Primitives {
			share := math.NaN()
			if o := slices.Index(a.Operations[typ][e], op); o >= 0 && o < len(row) {
				share = row[o]
			}
			all[e] = append(all[e], share)
		}
	}
	return all
}

func historyOf(events []Event) history {
	h := history{best: -1, stopped: map[int]int{}}
	for _, e := range events {
		h.seconds = max(h.seconds, e.Seconds)
		switch e.Kind {
		case fit.EndOfStep:
			h.steps = append(h.steps, e)
			h.inEpoch = max(h.inEpoch, e.Step+1)
		case fit.EndOfEpoch:
			if e.Best {
				h.best = len(h.epochs)
			}
			h.epochs = append(h.epochs, e)
			h.metrics = append(h.metrics, e.Metrics)
			var a architecture
			if json.Unmarshal(e.Details, &a) != nil || len(a.Alphas[0]) == 0 || len(a.Alphas[1]) == 0 {
				continue // a training has none, and a page can do without
			}
			h.at = append(h.at, float64(e.Epoch+1))
			h.genotypes = append(h.genotypes, a.Genotype)
			if a.Stopped > 0 {
				h.stopped[e.Epoch+1] = a.Stopped
			}
			for t := range a.Alphas {
				h.alphas[t] = append(h.alphas[t], a.full(t))
				h.betas[t] = append(h.betas[t], a.Betas[t])
			}
		}
	}
	return h
}

// series is a metric over the run, times factor; x is the epoch. What steps measure is shown as some fifty means, unless there are enough epochs for
// a curve of their means.
func (h history) series(name, metric string, factor float64) figure.Series {
	const points = 50
	s := figure.Series{Name: name}
	add := func(x float64, sum, n float64) {
		s.X, s.Y = append(s.X, x), append(s.Y, factor*sum/n)
	}
	if len(h.epochs) >= points/2 || !h.inSteps(metric) {
		for _, e := range h.epochs {
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

// inSteps says whether steps measure that metric, as against epochs.
func (h history) inSteps(metric string) bool {
	return slices.ContainsFunc(h.steps, func(e Event) bool { _, ok := e.Metrics[metric]; return ok })
}
