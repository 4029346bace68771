package film

import (
	"errors"
	"math"
	"slices"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/report"
)

// Film is a sequence of scenes, one for each epoch of a search that has a cell.
type Film struct {
	Scenes     []Scene
	Operations []string
	history    report.History
}

// Scene describes an epoch. Index 0 of a pair is the normal cell, index 1 the reduction cell.
type Scene struct {
	Epoch      float64     `json:"epoch"`
	Cells      [2]Cell     `json:"cells"`
	Similarity [2]float64  `json:"similarity"` // to the last scene's cell, 0 to 1
	Entropy    [2]float64  `json:"entropy"`    // 0 to 1
	BetaDrift  [2]float64  `json:"beta_drift"` // 0 without edge normalisation
	Winners    [2][]string `json:"winners"`    // [edge]; "" for an edge that has the operation none only
}

// Cell describes the cell of an epoch, by the edges of the search network.
type Cell struct {
	Kept    []string `json:"kept"`    // [edge]: operation; "" for an edge outside the cell
	Changed []bool   `json:"changed"` // [edge]: new in the cell, or with another operation
	Gone    []string `json:"gone"`    // [edge]: operation that the cell has lost; "" for others
}

// Changes returns the number of edges that differ from the previous scene.
func (c Cell) Changes() (n int) {
	for e := range c.Changed {
		if c.Changed[e] || c.Gone[e] != "" {
			n++
		}
	}
	return
}

// Of makes the film of a search from its history. It returns an error if no epoch of the search has
// ended.
func Of(h report.History) (*Film, error) {
	f := &Film{Operations: h.Operations, history: h}
	var last *cell.Genotype
	for _, g := range h.Genotypes {
		if g != nil {
			last = g
		}
	}
	if last == nil {
		return nil, errors.New("there is no film: no epoch of a search has ended in this run")
	}
	for i, g := range h.Genotypes {
		if g == nil {
			continue
		}
		s := Scene{Epoch: h.At[i]}
		for t := range s.Cells {
			alphas := h.Alphas[t][i]
			s.Cells[t] = kept(*g, t, len(alphas))
			if n := len(f.Scenes); n > 0 {
				s.Cells[t].since(f.Scenes[n-1].Cells[t])
			}
			s.Similarity[t] = similarity(s.Cells[t], kept(*last, t, len(alphas)))
			s.Entropy[t] = entropy(alphas)
			s.BetaDrift[t] = drift(h.Betas[t][i])
			s.Winners[t] = winners(h.Operations, alphas)
		}
		f.Scenes = append(f.Scenes, s)
	}
	return f, nil
}

// kept describes a genotype's cell by the edges of the search network.
func kept(g cell.Genotype, typ, edges int) Cell {
	c := Cell{Kept: make([]string, edges), Changed: make([]bool, edges), Gone: make([]string, edges)}
	links := cell.Space{States: cell.StatesOf(edges)}.Links()
	genes, _ := g.Cell(typ)
	for i, gene := range genes {
		if e := slices.Index(links, cell.Link{From: gene.From, To: cell.Inputs + i/2}); e >= 0 {
			c.Kept[e] = gene.Op
		}
	}
	return c
}

// since marks the differences from an earlier cell.
func (c *Cell) since(before Cell) {
	for e, op := range c.Kept {
		switch was := before.Kept[e]; {
		case op == was:
		case op == "":
			c.Gone[e] = was
		default:
			c.Changed[e] = true
		}
	}
}

func similarity(a, b Cell) float64 {
	both, all := 0, 0
	for e, op := range a.Kept {
		if op != "" {
			all++
			if op == b.Kept[e] {
				both++
			}
		}
	}
	return float64(both) / float64(max(1, all))
}

// entropy returns the mean over the edges with two or more operations.
func entropy(alphas [][]float64) float64 {
	var sum, edges float64
	for _, edge := range alphas {
		var total, h, n float64
		for _, p := range edge {
			if !math.IsNaN(p) {
				total, n = total+p, n+1
			}
		}
		if n < 2 || total == 0 {
			continue
		}
		for _, p := range edge {
			if p > 0 {
				h -= p / total * math.Log(p/total)
			}
		}
		sum, edges = sum+h/math.Log(n), edges+1
	}
	if edges == 0 {
		return 0
	}
	return sum / edges
}

// drift returns the drift of the betas. It is 0 without edge normalisation, because all betas are
// 1.
func drift(betas []float64) float64 {
	var sum, states float64
	for at, n := 0, cell.Inputs; at+n <= len(betas); at, n = at+n, n+1 {
		var total, away float64
		for _, b := range betas[at : at+n] {
			total += b
		}
		for _, b := range betas[at : at+n] {
			away += math.Abs(b/total - 1/float64(n))
		}
		sum, states = sum+away/2, states+1
	}
	return sum / max(1, states)
}

func winners(operations []string, alphas [][]float64) []string {
	names := make([]string, len(alphas))
	for e, edge := range alphas {
		best := math.Inf(-1)
		for o, p := range edge {
			if !cell.IsNone(operations[o]) && p > best { // no comparison with NaN is true
				best, names[e] = p, operations[o]
			}
		}
	}
	return names
}

// Fortune describes the success of an operation on the edges of both cells, scene by scene.
type Fortune struct {
	Operation string    `json:"operation"`
	Weight    []float64 `json:"weight"` // 1: an equal share; -1: no edge has the operation
	Has       []int     `json:"has"`    // number of edges that have the operation
	Wins      []int     `json:"wins"`   // number of edges on which it has the largest weight
}

// Fortunes returns the fortunes of all operations, in the order of Operations.
func (f *Film) Fortunes() (all []Fortune) {
	for o, name := range f.Operations {
		fortune := Fortune{Operation: name}
		for i, s := range f.Scenes {
			var sum float64
			has, wins := 0, 0
			for t := range s.Cells {
				for e, edge := range f.alphas(t, i) {
					n := 0
					var total float64
					for _, p := range edge {
						if !math.IsNaN(p) {
							n, total = n+1, total+p
						}
					}
					if p := edge[o]; !math.IsNaN(p) {
						has++
						sum += p / total * float64(n)
					}
					if s.Winners[t][e] == name {
						wins++
					}
				}
			}
			weight := -1.0
			if has > 0 {
				weight = sum / float64(has)
			}
			fortune.Weight, fortune.Has, fortune.Wins = append(fortune.Weight, weight), append(fortune.Has, has), append(fortune.Wins, wins)
		}
		all = append(all, fortune)
	}
	return all
}

// alphas returns the weights of the operations in a scene, [edge][operation].
func (f *Film) alphas(typ, scene int) [][]float64 {
	i := slices.Index(f.history.At, f.Scenes[scene].Epoch)
	return f.history.Alphas[typ][i]
}
