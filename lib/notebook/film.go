package notebook

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Filmed is the film of a search. Index 0 of a pair is the normal and 1 the reduction cell.
type Filmed struct {
	GIF    string // path of the animation
	Page   string // path of the page
	Scenes []struct {
		Epoch               float64
		Similarity, Entropy [2]float64
		BetaDrift           [2]float64  `json:"beta_drift"`
		Winners             [2][]string // [edge]
	}
	Fortunes []struct {
		Operation string
		Weight    []float64 // [scene], 1: equal share; -1: no edge has the operation
		Has, Wins []int     // [scene], numbers of edges
	}
}

// Film shows the film of a search (essnas film): both cells, epoch by epoch, in place.
func Film(r *Run) *Filmed {
	f := FilmOf(r)
	gif, err := os.ReadFile(f.GIF)
	Check(err)
	b := f.drawing("last")
	b.html = fmt.Sprintf(`<img style="max-width:100%%" alt="both cells, epoch by epoch" src="data:image/gif;base64,%s">`, base64.StdEncoding.EncodeToString(gif))
	b.svg = "" // pages would prefer it to the film
	b.text = fmt.Sprintf("both cells over %d epochs", len(f.Scenes))
	b.display("")
	return f
}

// FilmOf makes the film of a search without showing it.
func FilmOf(r *Run) *Filmed {
	f := new(Filmed)
	Check(json.Unmarshal(Do("film", r.Dir), f))
	return f
}

// Figure shows a figure of the film: "curves" (similarity to the last cell, entropy, changes, drift
// of beta), "winners" (the strongest operation of each edge) or "fortunes" (weight, edges and wins
// of each operation).
func (f *Filmed) Figure(name string) { f.drawing(name).display("") }

func (f *Filmed) drawing(name string) bundle {
	path := filepath.Join(filepath.Dir(f.GIF), name)
	svg, err := os.ReadFile(path + ".svg")
	Check(err)
	png, err := os.ReadFile(path + ".png")
	Check(err)
	return bundle{svg: string(svg), png: png, text: name}
}
