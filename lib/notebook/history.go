package notebook

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/cell"
)

// Epoch is what a run had come to after an epoch.
type Epoch struct {
	Number   int // from 1
	Metrics  map[string]float64
	Genotype *cell.Genotype // of a search: the cells that its alphas stood for; nil where they stood for none
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
	f, err := os.Open(filepath.Join(r.Dir, "events.jsonl"))
	Check(err)
	defer f.Close()
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil { // the end, or a line that a kill has torn
			return all
		}
		var event struct {
			Kind    string             `json:"kind"`
			Epoch   int                `json:"epoch"`
			Metrics map[string]float64 `json:"metrics"`
			Details struct {
				Genotype *cell.Genotype `json:"genotype"`
			} `json:"details"`
		}
		Check(json.Unmarshal(line, &event))
		if event.Kind == "epoch" {
			all = append(all, Epoch{event.Epoch + 1, event.Metrics, event.Details.Genotype})
		}
	}
}
