package findings

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/score/student"
)

// Line is the result of a configuration over its seeds.
type Line struct {
	Configuration Configuration             `json:"configuration"`
	Accuracy      score.Estimate            `json:"accuracy"`       // %
	Transfers     map[string]score.Estimate `json:"transfers"`      // %
	SearchSeconds score.Estimate            `json:"search_seconds"` // without compiling
	// parameters of the network of 20 cells and 36 channels, in millions
	Parameters score.Estimate `json:"parameters"`
	// percentile of the accuracy among those of the random cells, 0..100
	Percentile score.Estimate `json:"percentile"`
	// counts in both cells, of 16 operations
	Skips         score.Estimate `json:"skips"`
	ParameterFree score.Estimate `json:"parameter_free"`
	Depth         score.Estimate `json:"depth"`
	// no other configuration is at least as accurate and as fast, and better in one of the two
	Pareto bool `json:"pareto"`
}

// summarize computes means, comparisons and claims from the trials.
func (r *Results) summarize() {
	for _, name := range r.Config.Configurations {
		c, _ := Find(name)
		mean := func(m Measure) score.Estimate { return student.Mean(r.Values(name, m)) }
		l := Line{
			Configuration: c, Accuracy: mean(r.Accuracy()), SearchSeconds: mean(SearchTime()), Parameters: mean(Size()), Skips: mean(Skips()),
			ParameterFree: mean(ParameterFree()), Depth: mean(Depth()), Transfers: map[string]score.Estimate{}, Percentile: r.percentile(name),
		}
		for _, dataset := range r.Config.Transfers {
			l.Transfers[dataset] = mean(Accuracy(dataset, dataset))
		}
		r.Lines = append(r.Lines, l)
	}
	for i := range r.Lines {
		r.Lines[i].Pareto = r.Lines[i].Accuracy.N > 0
		for _, other := range r.Lines {
			a, b := r.Lines[i], other
			if b.Accuracy.N > 0 && b.Accuracy.Mean >= a.Accuracy.Mean && b.SearchSeconds.Mean <= a.SearchSeconds.Mean &&
				(b.Accuracy.Mean > a.Accuracy.Mean || b.SearchSeconds.Mean < a.SearchSeconds.Mean) {
				r.Lines[i].Pareto = false
			}
		}
	}
	r.Stages = r.compareGroups()
	r.Claims = r.judge()
	r.Predictive = r.predictive()
}

// Accuracy returns the main measure: the test accuracy on the data set of the searches.
func (r *Results) Accuracy() Measure { return Accuracy(r.Config.Dataset, Title(r.Config.Dataset)) }

// Title returns the title of a data set of a study.
func Title(dataset string) string {
	if dataset == "sample" {
		return "a sample of Fashion-MNIST"
	}
	return data.Title(dataset)
}

// WriteCSV writes a line for each trial. Columns with seconds differ when a study is repeated; all
// others are equal to the bit. It returns an error if the writer fails.
func (r *Results) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	header := []string{"configuration", "method", "ss_factor", "seed", "search_accuracy", "parameters", "parameters_20x36",
		"skips_normal", "skips_reduction", "parameter_free_normal", "parameter_free_reduction", "depth_normal", "depth_reduction"}
	for _, dataset := range append([]string{r.Config.Dataset}, r.Config.Transfers...) {
		header = append(header, "test_accuracy_"+dataset, "test_images_"+dataset, "validation_accuracy_"+dataset)
	}
	header = append(header, "genotype", "search_seconds")
	for _, dataset := range append([]string{r.Config.Dataset}, r.Config.Transfers...) {
		header = append(header, "train_seconds_"+dataset)
	}
	c.Write(header)
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for _, t := range r.Trials {
		searched := func(text string) string { // random search has no supernet
			if t.Configuration.Method == "" {
				return ""
			}
			return text
		}
		row := []string{t.Configuration.Name, t.Configuration.Method, searched(number(t.Configuration.SSFactor)), strconv.Itoa(t.Seed),
			searched(number(t.SearchAccuracy)), strconv.Itoa(t.Parameters), strconv.Itoa(t.Standard)}
		for _, of := range []func(cell.Shape) int{func(s cell.Shape) int { return s.Skips }, func(s cell.Shape) int { return s.ParameterFree }, func(s cell.Shape) int { return s.Depth }} {
			row = append(row, strconv.Itoa(of(t.Cells[0])), strconv.Itoa(of(t.Cells[1])))
		}
		var seconds []string
		for _, dataset := range append([]string{r.Config.Dataset}, r.Config.Transfers...) {
			got, ok := t.Tests[dataset]
			if !ok {
				row, seconds = append(row, "", "", ""), append(seconds, "")
				continue
			}
			row = append(row, number(got.Accuracy), strconv.Itoa(got.Images), number(got.Validation))
			seconds = append(seconds, fmt.Sprintf("%.3f", got.Seconds))
		}
		row = append(row, t.Genotype.Python(), fmt.Sprintf("%.3f", t.SearchSeconds))
		c.Write(append(row, seconds...))
	}
	c.Flush()
	return c.Error()
}
