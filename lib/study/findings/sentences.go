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

// least is the number of pairs below which a sentence claims nothing.
const least = 3

// Sentence writes what this study may say about a claim. With fewer than three pairs of seeds, or
// fewer than three random cells where these are the other side, it claims nothing and says what is
// there.
func (c Claim) Sentence() string {
	switch {
	case c.N == 0:
		return c.Text + ": not asked, for no pair of seeds is recorded."
	case c.N < least:
		return fmt.Sprintf("%s: not asked. %d of the %d pairs of seeds that it takes at least are recorded.", c.Text, c.N, least)
	case c.Reference > 0 && c.Reference < least:
		return fmt.Sprintf("%s: not asked. %d of the %d random cells that it takes at least are recorded.", c.Text, c.Reference, least)
	}
	return c.String()
}

// Sentences are those of all claims.
func (r *Results) Sentences() (all []string) {
	for _, c := range r.Claims {
		all = append(all, c.Sentence())
	}
	return all
}

// Equivalent returns the p value of the test that the true difference lies between -margin and
// margin: the larger one of two one-sided tests (D. Schuirmann, A comparison of the two one-sided
// tests procedure and the power approach, 1987). It returns 1 where there is no test.
func (p Paired) Equivalent(margin float64) float64 {
	other := p
	other.Difference.Mean, other.T = -p.Difference.Mean, -p.T
	return max(p.NotBelow(margin), other.NotBelow(margin))
}

// Needed returns how many pairs would find a true difference of that size with a probability of 0.8,
// if the differences spread as they do here; 0 where there is no test.
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

// Covered are the numbers of results that a study has: of each configuration how many cells, and how
// many trained networks on each data set. A table with its header.
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

// Scope says in a sentence or two what a study is: its data, settings and extent, and its limits.
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
		text += fmt.Sprintf(" It is partial: %d of %d pairs of configuration and seed are not recorded in full.", missing, r.pairs())
	}
	if warning := r.Warning(); warning != "" {
		text += " " + warning
	}
	return text
}

// Places says of each configuration with results where its accuracies lie among the random cells.
func (r *Results) Places() (all []string) {
	reference := r.Values(Sampled, r.Accuracy())
	if len(reference) < least {
		return []string{fmt.Sprintf("There is no place among random cells: %d of the %d that it takes at least are recorded.", len(reference), least)}
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

// Band is the range of the middle nine tenths of the random cells' accuracies, in percent, or false
// with fewer than three of them.
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

// differences are those of a claim's pairs or, where random cells are the other side, those from the
// random cells' mean.
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

// Effects draws the differences of all claims about accuracy that at least three pairs of seeds bear
// on: those of the pairs, their means, 95 % intervals.
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
		note = "Right of 0 the first is more accurate. An interval across 0 decides nothing."
	}
	return figure.Dots("Differences in accuracy: pairs of seeds, means, 95 % intervals", "percentage points", note, samples)
}

// Answers are sentences on the three questions of the study: self-supervision against none, phases
// against none, searches against random cells. Each has the effect with its interval, the smallest
// effect that so many seeds find, the number of seeds that a difference of one point would take, and
// whether the two are equal within one point.
func (r *Results) Answers() (all []string) {
	for _, q := range []struct{ question, a, b string }{
		{"Does Barlow Twins in the search help PC-DARTS?", Stage2, Stage1},
		{"Beyond the two views that it needs?", Stage2, Stage1Views},
		{"Does it help PCP-DARTS?", Stage4, Stage3},
		{"Beyond the two views?", Stage4, Stage3Views},
		{"Is PCP-DARTS better than PC-DARTS?", Stage3, Stage1},
		{"Is PC-DARTS better than random cells?", Stage1, Sampled},
		{"Is PCP-DARTS better than random cells?", Stage3, Sampled},
	} {
		i := slices.IndexFunc(r.Stages, func(c Comparison) bool {
			return c.A == q.a && c.B == q.b || c.A == q.b && c.B == q.a
		})
		if i < 0 {
			all = append(all, q.question+" Not asked: no results of both are recorded.")
			continue
		}
		c := r.Stages[i]
		if c.A != q.a { // turned round
			c.Difference.Mean, c.T = -c.Difference.Mean, -c.T
		}
		all = append(all, q.question+" "+c.answer())
	}
	return all
}

// answer is the answer that a comparison of accuracies gives.
func (c Comparison) answer() string {
	if c.N < least || c.Reference > 0 && c.Reference < least {
		return fmt.Sprintf("Not asked: %d of the %d seeds that it takes at least are recorded.", c.N, least)
	}
	if c.T == 0 {
		return "Not decided: the differences have no spread to be tested by."
	}
	verdict := "Not decided"
	if c.Holm < significance {
		verdict = map[bool]string{true: "Yes", false: "No, it is worse"}[c.Difference.Mean > 0]
	}
	text := fmt.Sprintf("%s: %s points, p = %s, %s after the correction for all pairs of groups, n = %d", verdict, c.effect(), probability(c.P), probability(c.Holm), c.N)
	if c.Reference > 0 {
		text += fmt.Sprintf(" against %d random cells", c.Reference)
	}
	text += fmt.Sprintf(". So many find %.1f points in four of five studies", c.Detectable)
	if n := c.Needed(1); n > 0 && c.Reference == 0 {
		text += fmt.Sprintf("; one point would take %d seeds", n)
	}
	if p := c.Equivalent(1); c.Reference == 0 && p < significance {
		return text + fmt.Sprintf(". The two are equal within one point (p = %s).", probability(p))
	}
	return text + "."
}

// Worth says how far the accuracy at the end of a search tells that of the trained network.
func (r *Results) Worth() (all []string) {
	for _, p := range r.Predictive {
		if p.N < 5 {
			all = append(all, fmt.Sprintf("%s: not asked. A rank correlation with an interval takes 5 searches, %d are recorded.", Upper(p.Of), p.N))
			continue
		}
		said := "no rank correlation is found, and the interval says how large one could be"
		switch {
		case p.Low > 0:
			said = "a search that ends higher leads to a better network more often than not"
		case p.High < 0:
			said = "a search that ends higher leads to a worse network more often than not"
		}
		all = append(all, fmt.Sprintf("%s: tau = %.2f (95 %% interval %.2f to %.2f, n = %d, p = %s): %s.", Upper(p.Of), p.Tau, p.Low, p.High, p.N, probability(p.P), said))
	}
	if len(all) == 0 {
		all = append(all, "Not asked: fewer than two searches with trained networks are recorded.")
	}
	return all
}

// TransferSentences say of each data set which configurations have results there, and what the
// differences between the stages on it are, paired by seed.
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
				all = append(all, fmt.Sprintf("%s, %s against %s: not asked, with n = %d.", Title(d), pair[0], pair[1], c.N))
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
