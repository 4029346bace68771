package run

import (
	"encoding/csv"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/essnas/essnas/lib/fit/event"
)

// Epoch is a row of a run's metrics: the measurements at the end of an epoch.
type Epoch struct {
	Epoch   int           `json:"epoch"`   // counted from 1
	Steps   int           `json:"steps"`   // number of steps of the epoch
	Seconds float64       `json:"seconds"` // since the run began, over all its processes
	Best    bool          `json:"best"`    // it has the lowest validation loss so far
	Metrics event.Metrics `json:"metrics"`
}

// Epochs returns the rows of the run's epochs in their order. It returns the errors of Events.
func (r *Run) Epochs() ([]Epoch, error) {
	events, err := r.Events()
	if err != nil {
		return nil, err
	}
	rows := []Epoch{}
	for _, e := range events {
		if e.Kind == event.EndOfEpoch {
			rows = append(rows, Epoch{e.Epoch + 1, e.Step, e.Seconds, e.Best, e.Metrics})
		}
	}
	return rows, nil
}

// WriteCSV writes epochs as CSV: a line of names, and a line for each epoch with epoch, steps,
// seconds, best (0 or 1) and all metrics in the order of their names. A cell is empty if the epoch
// lacks the metric or the metric is no number. WriteCSV returns the errors of w.
func WriteCSV(w io.Writer, epochs []Epoch) error {
	names := map[string]bool{}
	for _, e := range epochs {
		for name := range e.Metrics {
			names[name] = true
		}
	}
	metrics := slices.Sorted(maps.Keys(names))
	c := csv.NewWriter(w)
	// Errors of Write appear after Flush.
	c.Write(append([]string{"epoch", "steps", "seconds", "best"}, metrics...))
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for _, e := range epochs {
		best := "0"
		if e.Best {
			best = "1"
		}
		row := []string{strconv.Itoa(e.Epoch), strconv.Itoa(e.Steps), strconv.FormatFloat(e.Seconds, 'f', 3, 64), best}
		for _, name := range metrics {
			text := ""
			if x, ok := e.Metrics[name]; ok && !math.IsNaN(x) && !math.IsInf(x, 0) {
				text = number(x)
			}
			row = append(row, text)
		}
		c.Write(row)
	}
	c.Flush()
	return c.Error()
}
