package claims

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/essnas/essnas/lib/analysis"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/score/student"
	"gonum.org/v1/gonum/stat"
)

// Search describes a search and its cells.
type Search struct {
	Name        string
	Genotype    cell.Genotype
	Partial     int     // K
	Progressive bool    // has several phases
	SSFactor    float64 // weight of the self-supervised loss
}

// Claim states that the measure of the searches Of is larger, or smaller, than that of the searches
// Than. Than is nil for random cells.
type Claim struct {
	Text         string
	Measure      string // skips, parameter_free, depth or dilated
	Larger       bool
	OfName, Over string // names of the two groups
	Of, Than     func(s Search) bool
}

func partial(s Search) bool { return s.Partial > 1 }
func labels(s Search) bool  { return s.SSFactor == 0 }
func mixed(s Search) bool   { return s.SSFactor > 0 }
func pc(s Search) bool      { return partial(s) && !s.Progressive }
func pcp(s Search) bool     { return partial(s) && s.Progressive }
func both(f, g func(s Search) bool) func(s Search) bool {
	return func(s Search) bool { return f(s) && g(s) }
}

// random is the name of the group of random cells.
const random = "random cells"

// All returns the claims of the slides (pages "Regularization", "Analysis"). Claims about vanilla
// methods refer to searches without self-supervision.
func All() []Claim {
	vanillaPC, vanillaPCP := both(pc, labels), both(pcp, labels)
	return []Claim{
		{"PCP-DARTS finds fewer skip connections than PC-DARTS", "skips", false, "PCP-DARTS", "PC-DARTS", vanillaPCP, vanillaPC},
		{"PCP-DARTS finds deeper cells than PC-DARTS", "depth", true, "PCP-DARTS", "PC-DARTS", vanillaPCP, vanillaPC},
		{"Self-supervision deepens the cells of PC-DARTS", "depth", true, "PC-DARTS, self-supervised", "PC-DARTS", both(pc, mixed), vanillaPC},
		{"Self-supervision deepens the cells of PCP-DARTS", "depth", true, "PCP-DARTS, self-supervised", "PCP-DARTS", both(pcp, mixed), vanillaPCP},
		{"PC-DARTS prefers operations without weights, compared with PCP-DARTS", "parameter_free", true, "PC-DARTS", "PCP-DARTS", vanillaPC, vanillaPCP},
		{"PC-DARTS prefers operations without weights, compared with chance", "parameter_free", true, "PC-DARTS", random, vanillaPC, nil},
		{"Dilated convolutions are common in PCP-DARTS, compared with PC-DARTS", "dilated", true, "PCP-DARTS", "PC-DARTS", vanillaPCP, vanillaPC},
		{"Dilated convolutions are common in PCP-DARTS, compared with chance", "dilated", true, "PCP-DARTS", random, vanillaPCP, nil},
		{"Partial channels regularise: K > 1 finds fewer operations without weights than K = 1", "parameter_free", false, "K > 1", "K = 1",
			both(partial, labels), both(func(s Search) bool { return !partial(s) }, labels)},
	}
}

// Verdict is the result of a set of searches for a claim.
type Verdict string

// Possible verdicts.
const (
	Supported    Verdict = "supported"
	Contradicted Verdict = "contradicted"
	Undecided    Verdict = "undecided"
	Untested     Verdict = "not tested" // a group has no search
)

// Group is one of the two groups of a claim.
type Group struct {
	Name       string    `json:"name"`
	Values     []float64 `json:"values"` // of its searches; nil for random cells
	Mean       float64   `json:"mean"`
	Ranks      []float64 `json:"ranks"`      // of the values among random cells, 0 to 100
	Percentile float64   `json:"percentile"` // mean of the ranks
}

// Finding holds the comparison of a claim's groups in a set of searches.
type Finding struct {
	Claim      string  `json:"claim"`
	Measure    string  `json:"measure"`
	Of         Group   `json:"of"`
	Than       Group   `json:"than"`
	Difference float64 `json:"difference"` // of the means
	// its 95 % interval; both 0 without one
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// comparisons that agree with the claim (a tie counts half), and all comparisons, of a search
	// with one of the other group or with the median of random cells
	Holds   float64 `json:"holds"`
	Pairs   int     `json:"pairs"`
	Verdict Verdict `json:"verdict"`
	// 5th, 50th and 95th percentile of random cells
	Random [3]float64 `json:"random"`
}

// Measure combines both cells of a genotype: the sum of counts, the mean of depths. It is NaN for
// an unknown name.
func Measure(g cell.Genotype, name string) float64 {
	normal, reduction := cell.ShapeOf(g.Normal, g.NormalConcat), cell.ShapeOf(g.Reduce, g.ReduceConcat)
	switch name {
	case "skips":
		return float64(normal.Skips + reduction.Skips)
	case "parameter_free":
		return float64(normal.ParameterFree + reduction.ParameterFree)
	case "depth":
		return float64(normal.Depth+reduction.Depth) / 2
	case "dilated":
		return float64(analysis.Of(g.Normal, g.NormalConcat, 1).Dilated + analysis.Of(g.Reduce, g.ReduceConcat, 2).Dilated)
	}
	return math.NaN()
}

// Check compares the searches' groups in each claim, and with n random genotypes of the DARTS
// space. The seed determines these.
func Check(searches []Search, n int, seed uint64) (findings []Finding) {
	r := rand.New(rand.NewPCG(seed, 0xc1a1))
	var genotypes []cell.Genotype
	for range n {
		genotypes = append(genotypes, cell.DARTS().Random(r))
	}
	bands := map[string][]float64{}
	for _, c := range All() {
		if bands[c.Measure] == nil {
			for _, g := range genotypes {
				bands[c.Measure] = append(bands[c.Measure], Measure(g, c.Measure))
			}
			slices.Sort(bands[c.Measure])
		}
		findings = append(findings, c.check(searches, bands[c.Measure]))
	}
	return findings
}

func (c Claim) check(searches []Search, band []float64) Finding {
	group := func(name string, in func(Search) bool) Group {
		g := Group{Name: name}
		for _, s := range searches {
			if in(s) {
				v := Measure(s.Genotype, c.Measure)
				g.Values = append(g.Values, v)
				g.Mean += v
				g.Ranks = append(g.Ranks, rank(band, v))
				g.Percentile += rank(band, v)
			}
		}
		k := float64(max(1, len(g.Values)))
		g.Mean, g.Percentile = g.Mean/k, g.Percentile/k
		return g
	}
	f := Finding{Claim: c.Text, Measure: c.Measure, Of: group(c.OfName, c.Of), Verdict: Undecided}
	for i, p := range []float64{0.05, 0.5, 0.95} {
		f.Random[i] = stat.Quantile(p, stat.Empirical, band, nil)
	}
	others := []float64{f.Random[1]}
	if c.Than == nil {
		f.Than = Group{Name: c.Over, Mean: stat.Mean(band, nil), Percentile: 50}
	} else {
		f.Than = group(c.Over, c.Than)
		others = f.Than.Values
	}
	if len(f.Of.Values) == 0 || len(others) == 0 {
		f.Verdict = Untested
		return f
	}
	f.Difference = f.Of.Mean - f.Than.Mean
	for _, a := range f.Of.Values {
		for _, b := range others {
			f.Pairs++
			switch {
			case a == b:
				f.Holds += 0.5
			case a > b == c.Larger:
				f.Holds++
			}
		}
	}
	half := math.NaN()
	if c.Than == nil {
		if e := student.Mean(f.Of.Values); e.N > 1 {
			half = e.Half
		}
	} else {
		half = welch(f.Of.Values, f.Than.Values)
	}
	if math.IsNaN(half) {
		return f
	}
	f.Low, f.High = f.Difference-half, f.Difference+half
	if f.Low > 0 || f.High < 0 {
		f.Verdict = Contradicted
		if f.Difference > 0 == c.Larger {
			f.Verdict = Supported
		}
	}
	return f
}

// rank is the percentage of sorted values below v, plus half of the equal ones.
func rank(values []float64, v float64) float64 {
	below, _ := slices.BinarySearch(values, v)
	upTo, _ := slices.BinarySearch(values, math.Nextafter(v, math.Inf(1)))
	return 50 * float64(below+upTo) / float64(len(values))
}

// welch is half of the 95 % interval of the difference of two means (Welch, 1947). It is NaN if a
// group has a single value or neither varies.
func welch(a, b []float64) float64 {
	deviation, t, ok := student.Welch(a, b)
	if !ok {
		return math.NaN()
	}
	return t.Quantile(0.975) * deviation
}
