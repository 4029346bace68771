package stage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/figure/cellgraph"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
)

// StateOf reads the state of a finished search. It returns an error for other runs, or if a file is
// damaged.
func StateOf(r *run.Run) (s run.State, err error) {
	if !searchStage().made(r) {
		return s, fmt.Errorf("%s is no search: only searches have alphas and cells to show", r.Dir)
	}
	result, err := r.Result()
	if err == nil && result == nil {
		err = run.Advise(fmt.Sprintf("the search in %s has not ended; go on with: ", r.Dir), searchStage().Name, "--run", r.Dir)
	}
	if err != nil {
		return s, err
	}
	events, err := r.Events()
	if err != nil {
		return s, err
	}
	g, err := r.Genotype()
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(r.Config.Settings, &s.Settings); err != nil {
		return s, err
	}
	h := report.HistoryOf(events)
	s.Data, s.Seconds, s.Operations, s.Genotype = r.Config.Data.Title, math.Round(result.Seconds), h.Operations, g.Python()
	if classes := len(r.Config.Data.Classes); classes > 0 {
		s.Chance = math.Round(1e4/float64(classes)) / 1e4
	}
	if s.Warnings, err = searchStage().warnings(r.Config); err != nil {
		return s, err
	}
	s.Epochs, s.Metrics = metrics(h)
	last := len(h.At) - 1
	if last < 0 {
		return s, fmt.Errorf("%s has recorded no alphas: make the search again", r.Dir)
	}
	s.Edges = figure.EdgeNames(len(h.Alphas[0][last]))
	for t := range s.Alphas {
		for _, row := range h.Alphas[t][last] {
			var rounded []float64
			for _, alpha := range row {
				if math.IsNaN(alpha) {
					alpha = -1
				}
				rounded = append(rounded, math.Round(alpha*1000)/1000)
			}
			s.Alphas[t] = append(s.Alphas[t], rounded)
		}
	}
	for t, draw := range []func(string, cell.Genotype) (figure.Figure, error){cellgraph.Normal, cellgraph.Reduction} {
		f, err := draw([]string{"Normal cell", "Reduction cell"}[t], g)
		if err != nil {
			return s, err
		}
		var svg bytes.Buffer
		if err := f.SVG(&svg); err != nil {
			return s, err
		}
		s.Cells[t] = svg.String()
	}
	return s, nil
}

// metrics returns the metrics of the epochs' ends, rounded to four digits.
func metrics(h report.History) (epochs []int, all map[string][]*float64) {
	all = map[string][]*float64{}
	for i, e := range h.Epochs {
		epochs = append(epochs, e.Epoch+1)
		for name, value := range h.Metrics[i] {
			value = math.Round(value*1e4) / 1e4
			if !math.IsNaN(value) && !math.IsInf(value, 0) {
				all[name] = append(append(all[name], make([]*float64, i-len(all[name]))...), &value)
			}
		}
	}
	for name := range all { // metrics that the last epochs lack
		all[name] = append(all[name], make([]*float64, len(epochs)-len(all[name]))...)
	}
	return
}
