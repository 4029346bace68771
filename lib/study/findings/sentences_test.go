package findings

import (
	"math"
	"strings"
	"testing"
)

func TestASentenceClaimsNothingBelowThreePairs(t *testing.T) {
	two := made(2, map[string][]float64{"stage1": {93, 93.1}, "stage3": {96, 96.4}, "random": {80, 81, 82, 83}}, nil)
	if s := claim(t, two, "PCP-DARTS beats").Sentence(); !strings.Contains(s, "not tested. 2 of at least 3") {
		t.Error(s)
	}
	for _, s := range append(two.Answers(), two.Sentences()...) {
		if strings.Contains(s, "p = ") || strings.Contains(s, "supported") {
			t.Errorf("two seeds lead to %q", s)
		}
	}
	three := made(3, map[string][]float64{"stage1": {93, 93.1, 92.9}, "stage3": {96, 96.4, 96.1}}, nil)
	if s := claim(t, three, "PCP-DARTS beats").Sentence(); !strings.Contains(s, "supported at n = 3") {
		t.Error(s)
	}
	if s := three.Answers()[4]; !strings.Contains(s, "Yes: a difference of +3.17") || !strings.Contains(s, "n = 3") {
		t.Error(s)
	}
	if s := three.Answers()[0]; !strings.Contains(s, "no results of both") {
		t.Error(s)
	}
}

// With N pairs a difference of the size that N pairs find is found by N pairs.
func TestTheNeededPairsFindTheDetectableDifference(t *testing.T) {
	c := Compare([]float64{3, 5, 4, 6, 2}, []float64{1, 2, 4, 3, 2})
	if n := c.Needed(c.Detectable); n != 5 {
		t.Errorf("%d pairs are needed for what 5 find", n)
	}
	if n := c.Needed(c.Detectable / 2); n < 13 || n > 20 {
		t.Errorf("%d pairs are needed for half of it, want some four times as many", n)
	}
}

// Both one-sided tests of [Paired.NotBelow] have to reject, whichever side is first.
func TestEquivalenceIsTheWorseOfTwoTestsOnEitherSide(t *testing.T) {
	a, b := []float64{90.1, 90.4, 89.8, 90.2}, []float64{90.0, 90.1, 89.9, 90.3}
	ab, ba := Compare(a, b), Compare(b, a)
	if x, y := ab.Equivalent(1), ba.Equivalent(1); math.Abs(x-y) > 1e-12 || x != max(ab.NotBelow(1), ba.NotBelow(1)) {
		t.Errorf("p is %g, and %g with the sides changed", x, y)
	}
	if ab.Equivalent(1) > 0.05 || ab.Equivalent(0.05) < 0.05 {
		t.Errorf("p is %g for one point and %g for a twentieth", ab.Equivalent(1), ab.Equivalent(0.05))
	}
}

func TestTheBandOfRandomCellsLeavesOutATwentiethOnEachSide(t *testing.T) {
	var all []float64
	for i := range 21 {
		all = append(all, 60+float64(i))
	}
	r := made(3, map[string][]float64{"random": all, "stage1": {90, 91, 92}}, nil)
	if low, high, ok := r.Band(); !ok || math.Abs(low-61) > 1e-9 || math.Abs(high-79) > 1e-9 {
		t.Errorf("the band is %g to %g (%v), want 61 to 79", low, high, ok)
	}
	places := strings.Join(r.Places(), "\n")
	if !strings.Contains(places, "21 random cells have 70.0 % on average, from 60.0 to 80.0 %") || !strings.Contains(places, "PC-DARTS: 3 of 3 above the mean of the random cells, mean percentile 100") {
		t.Error(places)
	}
	if _, _, ok := made(2, map[string][]float64{"random": {60, 61}}, nil).Band(); ok {
		t.Error("two cells have a band")
	}
}
