package notebook

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Analyzed contains the shapes of cells (essnas analyze), and for searches among them the verdicts
// on the slides' claims.
type Analyzed struct {
	Cells []struct {
		Name              string
		Normal, Reduction map[string]float64 // by measure
		Percentiles       map[string]float64 // of the normal cell among random cells, by measure
		Field             int                `json:"receptive_field"` // of the network, in pixels
		Weights, MACs     int
		Latency           *struct{ Median, Least, Most float64 } // seconds
	}
	Claims []AnalyzedClaim
}

// AnalyzedClaim holds the comparison of two groups of searches: those that a claim is about, and
// those that it compares them with.
type AnalyzedClaim struct {
	Claim, Measure, Verdict string
	Difference, Low, High   float64
	Holds                   float64
	Pairs                   int
	Of, Than                struct {
		Name             string
		Values           []float64
		Mean, Percentile float64
	}
	Random [3]float64
}

// Analyze measures cells: those of searches, published cells by name, or genotypes in files. The
// options are flags of essnas analyze.
func Analyze(cellsOf []any, options ...Option) *Analyzed {
	a := new(Analyzed)
	args := []string{"analyze"}
	for _, c := range cellsOf {
		args = append(args, cells(c))
	}
	Check(json.Unmarshal(Do(append(args, flags(options)...)...), a))
	return a
}

// Table shows the named measures of the normal cells, each with its percentile among random cells,
// the weights and multiply-accumulates of the networks, and their latency if it was measured.
func (a *Analyzed) Table(measures ...string) {
	header := append([]string{"normal cell"}, measures...)
	header = append(header, "weights of the network", "MACs")
	timed := len(a.Cells) > 0 && a.Cells[0].Latency != nil
	if timed {
		header = append(header, "ms a batch")
	}
	var rows [][]string
	for _, c := range a.Cells {
		row := []string{filepath.Base(c.Name)}
		for _, m := range measures {
			row = append(row, fmt.Sprintf("%.3g (%.0f %%)", c.Normal[m], c.Percentiles[m]))
		}
		row = append(row, fmt.Sprintf("%.3f M", float64(c.Weights)/1e6), fmt.Sprintf("%.1f M", float64(c.MACs)/1e6))
		if timed && c.Latency != nil {
			row = append(row, fmt.Sprintf("%.3g", 1e3*c.Latency.Median))
		}
		rows = append(rows, row)
	}
	Table(header, rows)
}

// ShowClaims tests the slides' claims on searches, and shows a table and the figure of essnas
// analyze.
func ShowClaims(searches ...*Run) *Analyzed {
	var all []any
	for _, s := range searches {
		all = append(all, s)
	}
	dir, err := os.MkdirTemp("", "essnas-claims-")
	Check(err)
	defer os.RemoveAll(dir)
	picture := filepath.Join(dir, "claims.png")
	a := Analyze(all, Flag("figure", picture))
	var rows [][]string
	for _, c := range a.Claims {
		rows = append(rows, c.row())
	}
	Table([]string{"claim", "mean", "of the others", "95 % interval of the difference", "holds in pairs", "verdict"}, rows)
	png, err := os.ReadFile(picture)
	Check(err)
	bundle{png: png, text: "the claims' groups among random cells"}.display("")
	return a
}

// row returns the cells of the claim's row in the table. A claim without a pair of searches to
// compare has no numbers.
func (c AnalyzedClaim) row() []string {
	if c.Pairs == 0 {
		return []string{c.Claim, "", "", "", "", c.Verdict}
	}
	interval := "no interval"
	if c.Low != c.High {
		interval = fmt.Sprintf("%.2f to %.2f", c.Low, c.High)
	}
	return []string{c.Claim, fmt.Sprintf("%.3g", c.Of.Mean), fmt.Sprintf("%.3g", c.Than.Mean), interval, fmt.Sprintf("%g of %d", c.Holds, c.Pairs), c.Verdict}
}
