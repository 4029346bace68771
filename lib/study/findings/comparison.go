package findings

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Comparison compares two groups by a measure. The value of a group is the mean of its
// configurations, so that nobody can select the best ss_factor afterwards. In a study that is still
// growing it is the mean of those with the most seeds: what has been computed selects them, not what
// came out.
type Comparison struct {
	A       string `json:"a"`
	B       string `json:"b"`
	Measure string `json:"measure"`
	Ratio   bool   `json:"ratio"` // the difference is one of natural logarithms
	// number of random cells if B is all of them, unpaired (see [Against]); otherwise 0
	Reference int `json:"reference,omitempty"`
	Paired
}

// compare pairs the values of two sides by seed. A seed counts if all measured configurations of
// both sides have a value (see measured). If there are more random cells than seeds, a comparison with random search uses all
// of them.
func (r *Results) compare(a, b []string, m Measure) Comparison {
	c := Comparison{Measure: m.Name, Ratio: m.ratio}
	if reference := r.Values(Sampled, m); slices.Equal(b, []string{Sampled}) && len(reference) > r.Config.Seeds {
		var xs []float64
		for seed := 1; seed <= r.Config.Seeds; seed++ {
			if x, ok := r.side(a, m, seed); ok {
				xs = append(xs, x)
			}
		}
		c.Reference, c.Paired = len(reference), Against(xs, reference)
		return c
	}
	var xs, ys []float64
	for seed := 1; seed <= r.Config.Seeds; seed++ {
		x, okX := r.side(a, m, seed)
		y, okY := r.side(b, m, seed)
		if okX && okY {
			xs, ys = append(xs, x), append(ys, y)
		}
	}
	c.Paired = Compare(xs, ys)
	return c
}

// measured returns the configurations of a group that have the most seeds with a value: all of them
// once a study is complete.
func (r *Results) measured(group string, m Measure) (names []string) {
	most := 0
	for _, name := range r.Config.Configurations {
		if c, _ := Find(name); c.Group != group {
			continue
		}
		switch n := len(r.Values(name, m)); {
		case n > most:
			most, names = n, []string{name}
		case n == most:
			names = append(names, name)
		}
	}
	return names
}

// factors writes the ss_factors whose mean is the value of a group.
func (r *Results) factors(group string) string {
	var all []string
	names := r.measured(group, r.Accuracy())
	for _, name := range names {
		c, _ := Find(name)
		all = append(all, fmt.Sprint(c.SSFactor))
	}
	switch len(all) {
	case 0, len(factors):
		return "mean over the ss_factors"
	case 1:
		return "ss_factor " + all[0]
	}
	return "mean over the ss_factors " + strings.Join(all, ", ")
}

// side returns the mean of the measured configurations in these groups for a seed, or the mean of
// their logarithms for a measure that is compared by ratios.
func (r *Results) side(groups []string, m Measure, seed int) (mean float64, ok bool) {
	n := 0
	var names []string
	for _, g := range groups {
		names = append(names, r.measured(g, m)...)
	}
	for _, name := range names {
		i := slices.IndexFunc(r.Trials, func(t Trial) bool { return t.Configuration.Name == name && t.Seed == seed })
		if i < 0 {
			return 0, false
		}
		x, ok := m.of(r.Trials[i])
		if !ok {
			return 0, false
		}
		if m.ratio {
			x = math.Log(x)
		}
		mean += x
		n++
	}
	return mean / float64(max(1, n)), n > 0
}

// adjust applies Holm's correction to the p values of a family. Only comparisons with a test, that
// is with two or more pairs, count.
func adjust(family []*Paired) {
	family = slices.DeleteFunc(family, func(c *Paired) bool { return c.N < 2 })
	p := make([]float64, len(family))
	for i, c := range family {
		p[i] = c.P
	}
	for i, h := range Holm(p) {
		family[i].Holm = h
	}
}

// compareGroups compares every pair of groups by accuracy.
func (r *Results) compareGroups() (all []Comparison) {
	groups := Groups()
	for i := range groups {
		for j := range i {
			a, b := groups[i], groups[j]
			if a == Sampled {
				a, b = b, a // the reference is the second side
			}
			if c := r.compare([]string{a}, []string{b}, r.Accuracy()); c.N > 0 {
				c.A, c.B = a, b
				all = append(all, c)
			}
		}
	}
	var family []*Paired
	for i := range all {
		family = append(family, &all[i].Paired)
	}
	adjust(family)
	return all
}

// Predictive is the correlation between the accuracy at the end of a search and that of the trained
// network.
type Predictive struct {
	Of string `json:"of"` // the selection of trials
	Rank
}

// predictive correlates the accuracy of supernets with that of the trained networks. The supernet
// of a last phase is deeper, has fewer operations and is more accurate for any cell. Searches in
// one and in three phases are therefore also correlated separately.
func (r *Results) predictive() (all []Predictive) {
	for _, kind := range []struct {
		of      string
		methods []string
	}{{"all searches", []string{"pc-darts", "darts", "pcp-darts", "p-darts"}}, {"searches in one phase", []string{"pc-darts", "darts"}}, {"searches in three phases", []string{"pcp-darts", "p-darts"}}} {
		var xs, ys []float64
		for _, t := range r.Trials {
			if y, ok := r.Accuracy().of(t); ok && slices.Contains(kind.methods, t.Configuration.Method) {
				xs, ys = append(xs, t.SearchAccuracy), append(ys, y)
			}
		}
		if len(xs) > 1 {
			all = append(all, Predictive{kind.of, Kendall(xs, ys)})
		}
	}
	return all
}
