package findings

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/score/student"
	"gonum.org/v1/gonum/stat"
)

// least is the number of pairs below which a sentence draws no conclusion.
const least = 3

// Sentence returns the study's conclusion on a claim. With fewer than three pairs of seeds, or with
// fewer than three random cells as the other side, it draws no conclusion and tells the number.
func (c Claim) Sentence() string {
	switch {
	case c.N == 0:
		return c.Text + ": not tested, because no pair of seeds is recorded."
	case c.N < least:
		return fmt.Sprintf("%s: not tested. %d of at least %d pairs of seeds are recorded.", c.Text, c.N, least)
	case c.Reference > 0 && c.Reference < least:
		return fmt.Sprintf("%s: not tested. %d of at least %d random cells are recorded.", c.Text, c.Reference, least)
	}
	return c.String()
}

// Sentences returns the conclusions on all claims.
func (r *Results) Sentences() (all []string) {
	for _, c := range r.Claims {
		all = append(all, c.Sentence())
	}
	return all
}

// Equivalent returns the p value of the test that the true difference lies between -margin and
// margin: the larger p of two one-sided tests (D. Schuirmann, A comparison of the two one-sided
// tests procedure and the power approach, 1987). It returns 1 without a test.
func (p Paired) Equivalent(margin float64) float64 {
	other := p
	other.Difference.Mean, other.T = -p.Difference.Mean, -p.T
	return max(p.NotBelow(margin), other.NotBelow(margin))
}

// Needed returns the number of pairs that detect a true difference of this size with a power of 0.8
// if the spread of the differences stays the same. It returns 0 without a test.
func (p Paired) Needed(size float64) int {
	if p.N < 2 || p.T == 0 {
		return 0
	}
	s := math.Abs(p.Difference.Mean / p.T * math.Sqrt(float64(p.N)))
	for n := 2; n < 10000; n++ {
		t := student.T(n - 1)
		if (t.Quantile(0.975)+t.Quantile(power))*s/math.Sqrt(float64(n)) <= size {
			return n
		}
	}
	return 10000
}

// Covered returns a table, [row][column] with a header, of the numbers of results that a study has:
// the cells of each configuration, and its trained networks on each data set.
func (r *Results) Covered() (header []string, rows [][]string) {
	header = []string{"configuration", "cells"}
	for _, d := range r.Config.Datasets() {
		header = append(header, "trained on "+Title(d))
	}
	for _, name := range r.Config.Configurations {
		c, _ := Find(name)
		count := func(has func(t Trial) bool) (n int) {
			for _, t := range r.Trials {
				if t.Configuration.Name == name && has(t) {
					n++
				}
			}
			return n
		}
		row := []string{name, fmt.Sprintf("%d of %d", count(func(Trial) bool { return true }), r.Config.SeedsOf(c))}
		for _, d := range r.Config.Datasets() {
			row = append(row, fmt.Sprint(count(func(t Trial) bool { _, ok := t.Tests[d]; return ok })))
		}
		rows = append(rows, row)
	}
	return header, rows
}

// Scope describes the data, the settings, the extent and the limits of a study in a few sentences.
func (r *Results) Scope() string {
	trained, transferred, first := 0, 0, ""
	for _, t := range r.Trials {
		for d := range t.Tests {
			if d == r.Config.Dataset {
				trained++
			} else {
				transferred++
			}
		}
	}
	if len(r.Config.Started) >= 10 {
		first = ", begun " + r.Config.Started[:10]
	}
	text := fmt.Sprintf("Recorded study on %s, preset %s%s, essnas %s on a %s: %d cells, %d networks trained and tested on %s", Title(r.Config.Dataset), r.Config.Preset, first,
		r.Config.Versions["essnas"], r.Config.Backend, len(r.Trials), trained, Title(r.Config.Dataset))
	if transferred > 0 {
		text += fmt.Sprintf(", %d on other data sets", transferred)
	}
	text += "."
	if missing := r.pairs() - r.complete(); missing > 0 {
		text += fmt.Sprintf(" It is partial: %d of %d pairs of configuration and seed are not completely recorded.", missing, r.pairs())
	}
	if warning := r.Warning(); warning != "" {
		text += " " + warning
	}
	return text
}

// Places compares the accuracies of each configuration with those of the random cells, in a
// sentence for each configuration with results.
func (r *Results) Places() (all []string) {
	reference := r.Values(Sampled, r.Accuracy())
	if len(reference) < least {
		return []string{fmt.Sprintf("Nothing is compared with random cells: %d of at least %d random cells are recorded.", len(reference), least)}
	}
	e := student.Mean(reference)
	all = append(all, fmt.Sprintf("%d random cells have %.1f %% on average, from %.1f to %.1f %%, with a standard deviation of %.1f points.",
		len(reference), e.Mean, slices.Min(reference), slices.Max(reference), stat.StdDev(reference, nil)))
	for _, l := range r.Lines {
		n := l.Accuracy.N
		if n == 0 || l.Configuration.Name == Sampled {
			continue
		}
		above := 0
		for _, x := range r.Values(l.Configuration.Name, r.Accuracy()) {
			if x > e.Mean {
				above++
			}
		}
		text := fmt.Sprintf("%s: %d of %d above the mean of the random cells", l.Configuration.Title, above, n)
		if n >= least {
			text += fmt.Sprintf(", mean percentile %.0f", l.Percentile.Mean)
		}
		all = append(all, text+".")
	}
	return all
}

// Band returns the 5th and the 95th percentile of the random cells' accuracies, in percent; ok is
// false with fewer than three random cells.
func (r *Results) Band() (low, high float64, ok bool) {
	v := slices.Sorted(slices.Values(r.Values(Sampled, r.Accuracy())))
	if len(v) < least {
		return 0, 0, false
	}
	at := func(share float64) float64 {
		place := share * float64(len(v)-1)
		i := int(place)
		if i+1 == len(v) {
			return v[i]
		}
		return v[i] + (place-float64(i))*(v[i+1]-v[i])
	}
	return at(0.05), at(0.95), true
}

// differences returns the differences of a claim's pairs. If random cells are the other side, they
// are differences from the mean of the random cells.
func (r *Results) differences(c Claim) (all []float64) {
	reference := student.Mean(r.Values(Sampled, c.measure)).Mean
	for seed := 1; seed <= r.Config.Seeds; seed++ {
		x, ok := r.side(c.a, c.measure, seed)
		y, there := reference, true
		if c.Reference == 0 {
			y, there = r.side(c.b, c.measure, seed)
		}
		if ok && there {
			all = append(all, x-y)
		}
	}
	return all
}

// Effects draws the claims about accuracy with at least three pairs of seeds: the differences of
// the pairs, their means and 95 % intervals.
func (r *Results) Effects() figure.Figure {
	var samples []figure.Sample
	for i, c := range r.Claims {
		if c.N < least || c.Ratio || c.Measure != r.Accuracy().Name || c.Reference > 0 && c.Reference < least {
			continue
		}
		samples = append(samples, figure.Sample{
			Name: fmt.Sprintf("%s - %s (n = %d)", c.A, c.B, c.N), Mean: c.Difference.Mean,
			Values: r.differences(c), Low: c.Difference.Mean - c.Difference.Half, High: c.Difference.Mean + c.Difference.Half, Class: i,
		})
	}
	note := r.note()
	if note == "" {
		note = "Right of 0 the first is more accurate. An interval that contains 0 leaves the claim undecided."
	}
	return figure.Dots("Differences in accuracy: pairs of seeds, means, 95 % intervals", "percentage points", note, samples)
}

// Answers returns sentences on the three questions of the study: self-supervision against none,
// phases against none, searches against random cells. Each answer has the effect with its interval,
// the smallest effect that this number of seeds detects, the number of seeds that would detect a
// difference of one point, and a test of equality within one point.
func (r *Results) Answers() (all []string) {
	factors2, factors4 := " ("+r.factors(Stage2)+")", " ("+r.factors(Stage4)+")"
	for _, q := range []struct{ question, a, b string }{
		{"Does Barlow Twins in the search help PC-DARTS" + factors2 + "?", Stage2, Stage1},
		{"Does Barlow Twins help PC-DARTS beyond its two views" + factors2 + "?", Stage2, Stage1Views},
		{"Does Barlow Twins in the search help PCP-DARTS" + factors4 + "?", Stage4, Stage3},
		{"Does Barlow Twins help PCP-DARTS beyond its two views" + factors4 + "?", Stage4, Stage3Views},
		{"Is PCP-DARTS better than PC-DARTS?", Stage3, Stage1},
		{"Is PC-DARTS better than random cells?", Stage1, Sampled},
		{"Is PCP-DARTS better than random cells?", Stage3, Sampled},
	} {
		i := slices.IndexFunc(r.Stages, func(c Comparison) bool {
			return c.A == q.a && c.B == q.b || c.A == q.b && c.B == q.a
		})
		if i < 0 {
			all = append(all, q.question+" Not tested: no results of both are recorded.")
			continue
		}
		c := r.Stages[i]
		if c.A != q.a { // the comparison has the sides the other way round
			c.Difference.Mean, c.T = -c.Difference.Mean, -c.T
		}
		all = append(all, q.question+" "+c.answer())
	}
	return all
}

// answer writes the answer of a comparison of accuracies.
func (c Comparison) answer() string {
	if c.N < least || c.Reference > 0 && c.Reference < least {
		return fmt.Sprintf("Not tested: %d of at least %d seeds are recorded.", c.N, least)
	}
	if c.T == 0 {
		return "Undecided: the differences have no spread, so there is no test."
	}
	verdict := "Undecided"
	if c.Holm < significance {
		verdict = map[bool]string{true: "Yes", false: "No, it is worse"}[c.Difference.Mean > 0]
	}
	text := fmt.Sprintf("%s: %s points, p = %s, %s after the correction for all pairs of groups, n = %d", verdict, c.effect(), probability(c.P), probability(c.Holm), c.N)
	if c.Reference > 0 {
		text += fmt.Sprintf(" against %d random cells", c.Reference)
	}
	text += fmt.Sprintf(". This n detects %.1f points with a power of 0.8", c.Detectable)
	if n := c.Needed(1); n > 0 && c.Reference == 0 {
		text += fmt.Sprintf("; one point would need %d seeds", n)
	}
	if p := c.Equivalent(1); c.Reference == 0 && p < significance {
		return text + fmt.Sprintf(". The two are equal within one point (p = %s).", probability(p))
	}
	return text + "."
}

// Worth returns sentences on the rank correlation between the accuracy at the end of a search and
// that of the trained network.
func (r *Results) Worth() (all []string) {
	for _, p := range r.Predictive {
		if p.N < 5 {
			all = append(all, fmt.Sprintf("%s: not tested. An interval of the rank correlation needs 5 searches, and %d are recorded.", Upper(p.Of), p.N))
			continue
		}
		said := "no rank correlation is detected; the interval bounds its size"
		switch {
		case p.Low > 0:
			said = "a search that ends higher leads to a better network more often than not"
		case p.High < 0:
			said = "a search that ends higher leads to a worse network more often than not"
		}
		all = append(all, fmt.Sprintf("%s: tau = %.2f (95 %% interval %.2f to %.2f, n = %d, p = %s): %s.", Upper(p.Of), p.Tau, p.Low, p.High, p.N, probability(p.P), said))
	}
	if len(all) == 0 {
		all = append(all, "Not tested: fewer than two searches with trained networks are recorded.")
	}
	return all
}

// TransferSentences returns sentences on each of the other data sets: the configurations with their
// accuracies, and the differences between the stages of the slides, paired by seed.
func (r *Results) TransferSentences() (all []string) {
	for _, d := range r.Config.Transfers {
		m := Accuracy(d, Title(d))
		var there []string
		for _, l := range r.Lines {
			if e := student.Mean(r.Values(l.Configuration.Name, m)); e.N > 0 {
				there = append(there, fmt.Sprintf("%s %s (n = %d)", l.Configuration.Name, score.Estimate{N: e.N, Mean: e.Mean, Half: e.Half}.Text(1), e.N))
			}
		}
		if len(there) == 0 {
			all = append(all, Title(d)+": no training is recorded.")
			continue
		}
		all = append(all, fmt.Sprintf("%s, %%: %s.", Title(d), strings.Join(there, ", ")))
		for _, pair := range [][2]string{{Stage3, Stage1}, {Stage4, Stage3}, {Stage4, Stage1}} {
			c := r.compare([]string{pair[0]}, []string{pair[1]}, m)
			if c.N == 0 {
				continue
			}
			if c.N < least || c.T == 0 {
				all = append(all, fmt.Sprintf("%s, %s against %s: not tested, because n = %d.", Title(d), pair[0], pair[1], c.N))
				continue
			}
			all = append(all, fmt.Sprintf("%s, %s against %s: %s points, p = %s without correction, n = %d.", Title(d), pair[0], pair[1], c.effect(), probability(c.P), c.N))
		}
	}
	if len(all) == 0 {
		all = append(all, "This study has no other data sets.")
	}
	return all
}
