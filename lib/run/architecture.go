package run

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/essnas/essnas/lib/cell"
)

// Architecture is the record of an epoch of a search.
type Architecture struct {
	Alphas   [2][][]float64 `json:"alphas"` // softmax, [edge][operation]
	Betas    [2][]float64   `json:"betas"`
	Genotype *cell.Genotype `json:"genotype"`

	// number of skip connections that ended the phase early in this epoch
	Stopped int `json:"stopped_at_skips,omitempty"`
	// operations of the alphas, [edge][operation]; empty: the eight of DARTS
	Operations [2][][]string `json:"operations"`
}

// Space returns the operations of all edges, in the order of alphas.
func (a Architecture) Space() (names []string) {
	if a.Operations[0] == nil {
		return cell.Primitives
	}
	for _, op := range cell.Operations() {
		has := func(edge []string) bool { return slices.Contains(edge, op) }
		if slices.ContainsFunc(a.Operations[0], has) || slices.ContainsFunc(a.Operations[1], has) {
			names = append(names, op)
		}
	}
	return
}

// Full returns the alphas of one cell type, [edge][operation], with a column for each of these
// operations; NaN marks operations that an edge does not have.
func (a Architecture) Full(typ int, operations []string) [][]float64 {
	all := make([][]float64, len(a.Alphas[typ]))
	for e, row := range a.Alphas[typ] {
		if e >= len(a.Operations[typ]) {
			all[e] = row
			continue
		}
		for _, op := range operations {
			share := math.NaN()
			if o := slices.Index(a.Operations[typ][e], op); o >= 0 && o < len(row) {
				share = row[o]
			}
			all[e] = append(all[e], share)
		}
	}
	return all
}

// Architecture returns the record of an epoch of a search; ok is false for other events.
func (e Event) Architecture() (a Architecture, ok bool) {
	if json.Unmarshal(e.Details, &a) != nil {
		return a, false
	}
	return a, len(a.Alphas[0]) > 0 && len(a.Alphas[1]) > 0
}
