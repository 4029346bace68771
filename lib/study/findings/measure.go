package findings

import "github.com/essnas/essnas/lib/cell"

// Measure is a number of a trial; some trials may lack it.
type Measure struct {
	Name, Title, Unit string
	of                func(t Trial) (float64, bool)
	ratio             bool // values are compared by their ratio, such as times
}

// Accuracy returns the measure of the test accuracy on a data set, in percent.
func Accuracy(dataset, title string) Measure {
	return Measure{Name: "accuracy_" + dataset, Title: "Test accuracy on " + title, Unit: "%", of: func(t Trial) (float64, bool) {
		got, ok := t.Tests[dataset]
		return 100 * got.Accuracy, ok
	}}
}

// SearchTime returns the measure of the duration of the search, in seconds. Random search has none.
func SearchTime() Measure {
	return Measure{Name: "search_seconds", Title: "Search time", Unit: "s", ratio: true, of: func(t Trial) (float64, bool) {
		return t.SearchSeconds, t.SearchSeconds > 0
	}}
}

// Size returns the measure of the number of parameters of the network with 20 cells and 36
// channels, in millions.
func Size() Measure {
	return Measure{Name: "parameters", Title: "Parameters of 20 cells, 36 channels", Unit: "M", of: func(t Trial) (float64, bool) {
		return float64(t.Standard) / 1e6, t.Standard > 0
	}}
}

// inCells returns the measure of a count in a cell, added up over both cells of a trial.
func inCells(name, title string, count func(s cell.Shape) int) Measure {
	return Measure{Name: name, Title: title, of: func(t Trial) (float64, bool) {
		return float64(count(t.Cells[0]) + count(t.Cells[1])), true
	}}
}

// Skips returns the measure of the number of skip connections in both cells, of 16 operations.
func Skips() Measure {
	return inCells("skips", "Skip connections", func(s cell.Shape) int { return s.Skips })
}

// ParameterFree returns the measure of the number of skip connections and pools in both cells, of
// 16 operations.
func ParameterFree() Measure {
	return inCells("parameter_free", "Operations without parameters", func(s cell.Shape) int { return s.ParameterFree })
}

// Depth returns the measure of the depth of both cells, added up, 2 to 8.
func Depth() Measure {
	return inCells("depth", "Depth", func(s cell.Shape) int { return s.Depth })
}

// Values returns the values of a measure for a configuration, one per seed in rising order.
func (r *Results) Values(configuration string, m Measure) (values []float64) {
	for _, t := range r.Trials {
		if x, ok := m.of(t); ok && t.Configuration.Name == configuration {
			values = append(values, x)
		}
	}
	return
}
