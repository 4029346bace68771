package notebook

import (
	"math"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/run"
)

// Epoch is what a run had come to after an epoch.
type Epoch struct {
	Number  int           // from 1
	Metrics event.Metrics // NaN where the run measured no number
	// of a search: the cells that its alphas stood for; nil where they stood for none
	Genotype *cell.Genotype
}

// Metric is one of the epoch's; NaN, which curves leave out, if the epoch has none of that name.
func (e Epoch) Metric(name string) float64 {
	if x, ok := e.Metrics[name]; ok {
		return x
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
			all = append(all, Epoch{e.Epoch + 1, e.Metrics, a.Genotype})
		}
	}
	return all
}
