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

// Epoch is what a run had come to after an epoch.
type Epoch struct {
	Number  int           // from 1
	Metrics event.Metrics // NaN where the run measured no number
	// of a search: the cells that its alphas stood for; nil where they stood for none
	Genotype *cell.Genotype

	known []string // metrics of any of the run's epochs
}

// usual matches the metrics that some runs have and others don't.
var usual = regexp.MustCompile(`^(train|arch|val)_(loss|accuracy|ce|bt|knn|grad_norm)$`)

// Metric is one of the epoch's; NaN, which curves leave out, if the epoch has none of that name. A
// name that is a slip of the pen for one that the run has ends the cell with the right one.
func (e Epoch) Metric(name string) float64 {
	if x, ok := e.Metrics[name]; ok {
		return x
	}
	if meant := settings.Nearest(name, e.known); meant != "" && meant != name && !usual.MatchString(name) {
		Check(fmt.Errorf("this run has no metric %q: did you mean %q? It has %s", name, meant, strings.Join(e.known, ", ")))
	}
	return math.NaN()
}

// Epochs are those that a run has done.
func (r *Run) Epochs() (all []Epoch) {
	events, err := (&run.Run{Dir: r.Dir}).Events()
	Check(err)
	for _, e := range events {
		if e.Kind == event.EndOfEpoch {
			a, _ := e.Architecture() // none of a training
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
