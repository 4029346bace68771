package findings

import (
	"math"
	"slices"
)

// Comparison compares two groups by a measure. A group of several configurations counts with their
// mean, so that the best ss_factor can't be selected afterwards.
type Comparison struct {
	A       string `json:"a"`
	B       string `json:"b"`
	Measure string `json:"measure"`
	Ratio   bool   `json:"ratio"` // the difference is that of natural logarithms
	// number of random cells, where B is all of them and not paired by seed (see [Against]); else 0
	Reference int `json:"reference,omitempty"`
	Paired
}

// compare pairs the values of two sides by seed. A seed counts if all configurations of both sides
// have a value. Where random cells are more than the seeds, all of them are the other side.
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

// side returns the mean of the configurations in these groups for a seed, or the mean of logarithms
// for measures compared by quotients.
func (r *Results) side(groups []string, m Measure, seed int) (mean float64, ok bool) {
	n := 0
	for _, name := range r.Config.Configurations {
		if c, _ := Find(name); !slices.Contains(groups, c.Group) {
			continue
		}
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

// adjust corrects the p values of a family for their number: of those that are tests, with two
// pairs or more.
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
				a, b = b, a // a reference is what others are compared with
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
	Of string `json:"of"` // which trials
	Rank
}

// predictive correlates the accuracy of supernets with that of the networks. Deeper supernets with
// fewer operations are more accurate for any cell, so both kinds of search are also treated
// separately.
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
