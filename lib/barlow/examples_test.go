package barlow

import (
	"math"
	"testing"
)

func TestTheLossRanksTheExamples(t *testing.T) {
	const d, lambda = 32, 0.0051
	loss := map[string]float64{}
	for _, e := range Examples(d) {
		invariance, redundancy := Terms(e.C, lambda)
		loss[e.Name] = invariance + redundancy
	}
	if loss["ideal"] != 0 {
		t.Errorf("the ideal matrix costs %g", loss["ideal"])
	}
	// 32 · 1² on the diagonal; 32 · 31 entries of about 0.15²
	if got, want := loss["views share nothing"], d+lambda*d*(d-1)*0.15*0.15; math.Abs(got-want) > 0.05 {
		t.Errorf("views that share nothing cost %g, want about %g", got, want)
	}
	// 32 · 0.05², and 32 · 31 · 0.95² off the diagonal
	if got, want := loss["all numbers say the same"], d*0.05*0.05+lambda*d*(d-1)*0.95*0.95; math.Abs(got-want) > 1e-9 {
		t.Errorf("equal numbers cost %g, want %g", got, want)
	}
	if half := loss["half learnt"]; half <= 0 || half >= loss["all numbers say the same"] {
		t.Errorf("the half-learnt matrix costs %g", half)
	}
}
