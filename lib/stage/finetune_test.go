package stage

import (
	"math"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/score"
)

// tested is the test of a run that got so many of 100 images right.
func tested(hits int) *run.Test {
	return &run.Test{Table: score.Table{Top1: float64(hits) / 100, Top1Range: score.Wilson(hits, 100), Images: 100}}
}

// Of 0.5 and 0.7 the mean is 0.6 and the standard deviation 0.2/sqrt(2); t(0.975, 1) is 12.7062, so
// the half width is 12.7062 x 0.1.
func TestOneSeedHasTheIntervalOfItsImagesAndSeveralThatOfTheirMean(t *testing.T) {
	var trials run.Trials
	add(&trials, &run.Run{Dir: "a"}, tested(50))
	if trials.N != 1 || trials.Accuracy != 0.5 || trials.Range != score.Wilson(50, 100) {
		t.Errorf("one seed: %+v", trials)
	}
	add(&trials, &run.Run{Dir: "b"}, tested(70))
	if math.Abs(trials.Accuracy-0.6) > 1e-12 || math.Abs(trials.Range.High-(0.6+1.27062)) > 1e-5 || math.Abs(trials.Range.Low-(0.6-1.27062)) > 1e-5 {
		t.Errorf("two seeds: %+v, want 0.6 +- 1.27062", trials)
	}
	if trials.N != 2 || len(trials.Runs) != 2 || trials.Runs[1] != "b" || trials.Top1[1] != 0.7 {
		t.Errorf("two seeds: %+v", trials)
	}
}

func TestSharesAreComparedFromTheSmallestEachOnce(t *testing.T) {
	s := Finetune{Dir: "x", Labels: []float64{1, 0.1, 1, 0.01}}
	if err := s.complete(); err != nil || len(s.Labels) != 3 || s.Labels[0] != 0.01 || s.Labels[2] != 1 || s.Seeds != 1 {
		t.Errorf("%+v (%v)", s, err)
	}
	for _, x := range []float64{0, -1, 1.01, math.NaN()} {
		s := Finetune{Dir: "x", Labels: []float64{x}}
		if err := s.complete(); err == nil || !strings.Contains(err.Error(), "labels can't be") {
			t.Errorf("a share of %g: %v", x, err)
		}
	}
}
