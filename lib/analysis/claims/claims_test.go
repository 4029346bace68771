package claims

import (
	"bytes"
	"math"
	"testing"

	"github.com/essnas/essnas/lib/cell"
)

// search returns a search of a method with a published cell.
func search(t *testing.T, name string, partial int, progressive bool) Search {
	t.Helper()
	g, ok := cell.Published(name)
	if !ok {
		t.Fatal(name)
	}
	return Search{Name: name, Genotype: g, Partial: partial, Progressive: progressive}
}

func find(t *testing.T, all []Finding, claim string) Finding {
	t.Helper()
	for _, f := range all {
		if f.Claim == claim {
			return f
		}
	}
	t.Fatalf("no claim %q", claim)
	return Finding{}
}

// By hand: DARTS_V2 has two skips in its normal cell and three in its reduction cell,
// PC_DARTS_cifar one and none.
func TestACountIsThatOfBothCells(t *testing.T) {
	for name, want := range map[string]float64{"DARTS_V2": 5, "PC_DARTS_cifar": 1} {
		if got := Measure(search(t, name, 4, false).Genotype, "skips"); got != want {
			t.Errorf("%s: %g skips, want %g", name, got, want)
		}
	}
}

func TestWithoutSearchesNothingIsTestedAndWithOneOfEachNothingDecided(t *testing.T) {
	for _, f := range Check(nil, 100, 1) {
		if f.Verdict != Untested || f.Pairs != 0 {
			t.Errorf("%s: %s after %d comparisons", f.Claim, f.Verdict, f.Pairs)
		}
	}
	one := Check([]Search{search(t, "DARTS_V2", 4, false), search(t, "PC_DARTS_cifar", 4, true)}, 100, 1)
	f := find(t, one, "PCP-DARTS finds fewer skip connections than PC-DARTS")
	if f.Verdict != Undecided || f.Pairs != 1 || f.Holds != 1 || f.Difference != -4 || f.Low != 0 {
		t.Errorf("%+v", f)
	}
}

// Groups that vary little within and much between support the claim, and contradict its opposite.
func TestTheVerdictFollowsTheInterval(t *testing.T) {
	few, many := search(t, "PC_DARTS_cifar", 4, true), search(t, "DARTS_V2", 4, false)
	other := func(s Search, op string) Search { // replaces one operation
		g := s.Genotype
		g.Normal = append([]cell.Gene(nil), g.Normal...)
		g.Normal[0].Op = op
		s.Genotype = g
		return s
	}
	searches := []Search{few, few, other(few, "skip_connect"), many, many, other(many, "skip_connect")}
	claim := "PCP-DARTS finds fewer skip connections than PC-DARTS"
	if f := find(t, Check(searches, 100, 1), claim); f.Verdict != Supported || !(f.High < 0) || f.Holds != 9 || f.Pairs != 9 {
		t.Errorf("%+v", f)
	}
	for i := range searches {
		searches[i].Progressive = !searches[i].Progressive
	}
	if f := find(t, Check(searches, 100, 1), claim); f.Verdict != Contradicted || !(f.Low > 0) || f.Holds != 0 {
		t.Errorf("%+v", f)
	}
}

// The expected interval is that of scipy 1.17.1: ttest_ind(a, b,
// equal_var=False).confidence_interval() is -4.868023 to -0.798644.
func TestTheIntervalIsWelchs(t *testing.T) {
	a := []float64{27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4}
	b := []float64{27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.4}
	if half := welch(a, b); math.Abs(half-2.034689408) > 1e-6 {
		t.Errorf("half of the interval is %g", half)
	}
	if !math.IsNaN(welch(a[:1], b)) {
		t.Error("a single value has an interval")
	}
}

func TestTheMedianRandomCellHasRankFifty(t *testing.T) {
	var values []float64
	for i := range 101 {
		values = append(values, float64(i))
	}
	if r := rank(values, 50); math.Abs(r-50) > 1e-9 {
		t.Errorf("rank %g", r)
	}
	if r := rank([]float64{1, 1, 1, 1}, 1); r != 50 {
		t.Errorf("equal values: rank %g, want 50", r)
	}
}

func TestTheFigureIsDrawn(t *testing.T) {
	var b bytes.Buffer
	if err := Figure(Check([]Search{search(t, "DARTS_V2", 4, false)}, 100, 1)).SVG(&b); err != nil || b.Len() == 0 {
		t.Error(err)
	}
}
