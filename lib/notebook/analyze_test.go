package notebook

import (
	"slices"
	"testing"
)

func TestAClaimWithoutSearchesHasNoNumbers(t *testing.T) {
	c := AnalyzedClaim{Claim: "deeper", Verdict: "not tested"}
	c.Than.Mean = 2.83
	if row := c.row(); !slices.Equal(row, []string{"deeper", "", "", "", "", "not tested"}) {
		t.Errorf("its row is %q", row)
	}
	c.Of.Mean, c.Holds, c.Pairs, c.Verdict = 3.5, 7.5, 9, "undecided"
	if row := c.row(); !slices.Equal(row, []string{"deeper", "3.5", "2.83", "no interval", "7.5 of 9", "undecided"}) {
		t.Errorf("its row is %q", row)
	}
	c.Low, c.High = -0.57, 1.9
	if row := c.row(); row[3] != "-0.57 to 1.90" {
		t.Errorf("its interval is %q", row[3])
	}
}
