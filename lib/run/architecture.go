package run

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/essnas/essnas/lib/cell"
)

// Architecture is what the details of an epoch of a search hold.
type Architecture struct {
	Alphas   [2][][]float64 `json:"alphas"` // softmax, [edge][operation]
	Betas    [2][]float64   `json:"betas"`
	Genotype *cell.Genotype `json:"genotype"`

	Stopped    int           `json:"stopped_at_skips,omitempty"` // where the epoch ended its phase early
	Operations [2][][]string `json:"operations"`                 // of a progressive search: which the alphas are of, [edge][operation]
}

// Full are the alphas of one cell type with a column for each primitive; NaN where an edge does not have it (any more).
func (a Architecture) Full(typ int) [][]float64 {
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

// Architecture is what the details of an epoch of a search hold; false for other events.
func (e Event) Architecture() (a Architecture, ok bool) {
	if json.Unmarshal(e.Details, &a) != nil {
		return a, false
	}
	return a, len(a.Alphas[0]) > 0 && len(a.Alphas[1]) > 0
}
