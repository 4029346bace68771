package findings

import (
	_ "embed"
	"encoding/json"
	"math"
	"testing"

	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/score/student"
	"github.com/janpfeifer/must"
)

// Results of SciPy and statsmodels for small samples, written by testdata/peers.py.
//
//go:embed testdata/peers.json
var peersJSON []byte

type peers struct {
	Means []struct {
		X               []float64
		Mean, Low, High float64
	}
	Paired []struct {
		A, B            []float64
		T, P, Low, High float64
	}
	Holm    []struct{ P, Adjusted []float64 }
	Kendall []struct {
		X, Y   []float64
		Tau, P float64
	}
	Welch []struct {
		A, B            []float64
		T, P, Low, High float64
	}
	Power []struct {
		Differences []float64
		Detectable  float64
		NotBelow1   float64 `json:"not_below_1"`
	}
	Percentiles []struct{ Values, Reference, Percentiles []float64 }
}

func readPeers(t *testing.T) (p peers) {
	t.Helper()
	must.M(json.Unmarshal(peersJSON, &p))
	if len(p.Means)*len(p.Paired)*len(p.Holm)*len(p.Kendall)*len(p.Welch)*len(p.Power)*len(p.Percentiles) == 0 {
		t.Fatal("there is nothing to compare with: make testdata/peers.json again")
	}
	return p
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*max(1, math.Abs(want))) {
		t.Errorf("%s is %.15g, want %.15g", what, got, want)
	}
}

func TestIntervalsOfMeansAreSciPys(t *testing.T) {
	for _, c := range readPeers(t).Means {
		e := student.Mean(c.X)
		near(t, "mean", e.Mean, c.Mean)
		near(t, "low end", e.Mean-e.Half, c.Low)
		near(t, "high end", e.Mean+e.Half, c.High)
	}
	if e := student.Mean([]float64{3}); e != (score.Estimate{N: 1, Mean: 3}) {
		t.Errorf("of one value: %+v, want no interval", e)
	}
}

func TestPairedTestsAreSciPys(t *testing.T) {
	for _, c := range readPeers(t).Paired {
		p := Compare(c.A, c.B)
		near(t, "t", p.T, c.T)
		near(t, "p", p.P, c.P)
		near(t, "low end", p.Difference.Mean-p.Difference.Half, c.Low)
		near(t, "high end", p.Difference.Mean+p.Difference.Half, c.High)
	}
	for name, pair := range map[string][2][]float64{"one pair": {{2}, {1}}, "equal differences": {{2, 3, 4}, {1, 2, 3}}, "none": {nil, nil}} {
		if p := Compare(pair[0], pair[1]); p.P != 1 {
			t.Errorf("%s: p is %g, want 1, because the differences have no spread", name, p.P)
		}
	}
}

func TestHolmsCorrectionIsStatsmodels(t *testing.T) {
	for _, c := range readPeers(t).Holm {
		for i, p := range Holm(c.P) {
			near(t, "adjusted p", p, c.Adjusted[i])
		}
	}
}

func TestKendallsTauIsSciPys(t *testing.T) {
	for _, c := range readPeers(t).Kendall {
		r := Kendall(c.X, c.Y)
		near(t, "tau", r.Tau, c.Tau)
		near(t, "p", r.P, c.P)
	}
	if r := Kendall([]float64{1, 1, 1}, []float64{1, 2, 3}); r != (Rank{N: 3, P: 1, Low: -1, High: 1}) {
		t.Errorf("of equal values: %+v, want no correlation", r)
	}
}

func TestValuesAgainstAReferenceAreComparedByWelchsTest(t *testing.T) {
	for _, c := range readPeers(t).Welch {
		p := Against(c.A, c.B)
		near(t, "t", p.T, c.T)
		near(t, "p", p.P, c.P)
		near(t, "low end", p.Difference.Mean-p.Difference.Half, c.Low)
		near(t, "high end", p.Difference.Mean+p.Difference.Half, c.High)
	}
}

// SciPy's power is exact. Detectable neglects the change of the distribution's shape.
func TestTheDetectableDifferenceIsThatOfTheNoncentralDistribution(t *testing.T) {
	for _, c := range readPeers(t).Power {
		p := Compare(c.Differences, make([]float64, len(c.Differences)))
		if math.Abs(p.Detectable/c.Detectable-1) > 0.02 {
			t.Errorf("n = %d: %g is found in four of five studies, want %g", p.N, p.Detectable, c.Detectable)
		}
		near(t, "p of being above -1", p.NotBelow(1), c.NotBelow1)
	}
}

func TestPercentilesCountEqualValuesHalf(t *testing.T) {
	for _, c := range readPeers(t).Percentiles {
		for i, p := range Percentiles(c.Values, c.Reference) {
			near(t, "percentile", p, c.Percentiles[i])
		}
	}
}

// Fieller, Hartley and Pearson: z = atanh(tau) has the variance 0.437/(n-4).
func TestTheIntervalOfTauIsNarrowerWithMoreValues(t *testing.T) {
	x, y := []float64{1, 2, 3, 4, 5, 6, 7, 8}, []float64{2, 1, 4, 3, 6, 5, 8, 7.5}
	r := Kendall(x, y)
	near(t, "low end", r.Low, math.Tanh(math.Atanh(5.0/7)-1.959964*math.Sqrt(0.437/4)))
	if twice := Kendall(append(x, 11, 12, 13, 14), append(y, 12, 11, 14, 13)); twice.High-twice.Low >= r.High-r.Low {
		t.Errorf("with 12 values the interval is %g to %g, with 8 %g to %g", twice.Low, twice.High, r.Low, r.High)
	}
}
