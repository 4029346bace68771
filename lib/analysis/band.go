package analysis

import (
	"math/rand/v2"
	"slices"

	"github.com/essnas/essnas/lib/cell"
	"gonum.org/v1/gonum/stat"
)

// measures lists the measures by name, with functions that read them.
var measures = []struct {
	name string
	of   func(Measures) float64
}{
	{"skips", func(m Measures) float64 { return float64(m.Skips) }},
	{"parameter_free", func(m Measures) float64 { return float64(m.ParameterFree) }},
	{"depth", func(m Measures) float64 { return float64(m.Depth) }},
	{"mean_path", func(m Measures) float64 { return m.MeanPath }},
	{"width", func(m Measures) float64 { return m.Width }},
	{"receptive_field", func(m Measures) float64 { return float64(m.Field) }},
	{"dilated", func(m Measures) float64 { return float64(m.Dilated) }},
	{"sep_then_pool", func(m Measures) float64 { return float64(m.SepPool) }},
}

// Names returns the measures' names in JSON.
func Names() (names []string) {
	for _, m := range measures {
		names = append(names, m.name)
	}
	return
}

// Value returns the measure of that name, or 0 for an unknown name.
func (m Measures) Value(name string) float64 {
	for _, x := range measures {
		if x.name == name {
			return x.of(m)
		}
	}
	return 0
}

// Band is the distribution of every measure over random normal cells.
type Band map[string][]float64 // sorted

// Random measures n random normal cells of a space, drawn with equal probability. The seed
// determines the cells.
func Random(space cell.Space, n int, seed uint64) Band {
	r := rand.New(rand.NewPCG(seed, 0xba9d))
	b := Band{}
	for range n {
		g := space.Random(r)
		m := Of(g.Normal, g.NormalConcat, 1)
		for _, x := range measures {
			b[x.name] = append(b[x.name], x.of(m))
		}
	}
	for _, values := range b {
		slices.Sort(values)
	}
	return b
}

// Percentile is the percentage of random cells with a smaller measure, plus half of those with an
// equal one: 50 is the median.
func (b Band) Percentile(name string, value float64) float64 {
	values := b[name]
	below, _ := slices.BinarySearch(values, value)
	upTo, _ := slices.BinarySearchFunc(values, value, func(x, v float64) int {
		if x <= v {
			return -1
		}
		return 1
	})
	return 50 * float64(below+upTo) / float64(len(values))
}

// Quantile is the smallest value that at least a share p of the random cells, 0 to 1, does not
// exceed.
func (b Band) Quantile(name string, p float64) float64 {
	return stat.Quantile(p, stat.Empirical, b[name], nil)
}
