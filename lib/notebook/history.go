package notebook

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// Epoch is the state of a run after an epoch.
type Epoch struct {
	Number  int           // counted from 1
	Metrics event.Metrics // NaN if the measurement was no number
	// for a search: the cells derived from its alphas; nil if none can be derived
	Genotype *cell.Genotype

	known []string // names of all metrics of the run
}

// usual matches the names of metrics that some runs have.
var usual = regexp.MustCompile(`^(train|arch|val)_(loss|accuracy|ce|bt|knn|grad_norm)$`)

// Metric returns a metric of the epoch. It returns NaN, which curves leave out, if the epoch lacks
// the metric. A misspelt name ends the cell with an error that names the right one.
func (e Epoch) Metric(name string) float64 {
	if x, ok := e.Metrics[name]; ok {
		return x
	}
	if meant := settings.Nearest(name, e.known); meant != "" && meant != name && !usual.MatchString(name) {
		Check(fmt.Errorf("this run has no metric %q: did you mean %q? It has %s", name, meant, strings.Join(e.known, ", ")))
	}
	return math.NaN()
}

// Epochs returns the finished epochs of a run.
func (r *Run) Epochs() (all []Epoch) {
	events, err := (&run.Run{Dir: r.Dir}).Events()
	Check(err)
	for _, e := range events {
		if e.Kind == event.EndOfEpoch {
			a, _ := e.Architecture() // empty for a training
			all = append(all, Epoch{Number: e.Epoch + 1, Metrics: e.Metrics, Genotype: a.Genotype})
		}
	}
	known := map[string]bool{}
	for _, e := range all {
		for name := range e.Metrics {
			known[name] = true
		}
	}
	for i := range all {
		all[i].known = slices.Sorted(maps.Keys(known))
	}
	return all
}
