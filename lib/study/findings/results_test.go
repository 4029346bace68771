package findings

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/score"
	"github.com/janpfeifer/must"
)

// made returns results with the given accuracies (%) and search times, by configuration and seed.
func made(seeds int, accuracies, seconds map[string][]float64) *Results {
	r := &Results{Config: Config{Preset: "slides", Dataset: "cifar10", Seeds: seeds}}
	g := must.M1(cell.Load("PC_DARTS_cifar"))
	for _, c := range Configurations() {
		if len(accuracies[c.Name]) == 0 {
			continue
		}
		r.Config.Configurations = append(r.Config.Configurations, c.Name)
		for i, a := range accuracies[c.Name] {
			t := Trial{Configuration: c, Seed: i + 1, Genotype: g, Standard: 4_000_000, Tests: map[string]Got{"cifar10": {Accuracy: a / 100, Images: 10000}}, SearchAccuracy: a / 200}
			if times := seconds[c.Name]; times != nil {
				t.SearchSeconds = times[i]
			}
			r.Trials = append(r.Trials, t)
		}
	}
	r.summarize()
	return r
}

func claim(t *testing.T, r *Results, start string) Claim {
	t.Helper()
	for _, c := range r.Claims {
		if strings.HasPrefix(c.Text, start) {
			return c
		}
	}
	t.Fatalf("no claim starts with %q", start)
	return Claim{}
}

func TestClaimsAreSupportedOrNotOrUndecided(t *testing.T) {
	r := made(4, map[string][]float64{
		"stage1": {93.0, 93.4, 92.8, 93.2},
		// 3 points above stage 1, always
		"stage3": {96.1, 96.4, 95.9, 96.2},
		// below stage 3; and now above, now below stage 1
		"p-darts": {94.0, 94.4, 93.8, 94.3}, "stage2-0.25": {93.1, 93.2, 92.9, 93.1},
	}, map[string][]float64{"stage1": {100, 110, 105, 95}, "stage3": {200, 218, 212, 191}, "p-darts": {100, 100, 100, 100}})
	for start, want := range map[string]Verdict{
		"PCP-DARTS beats": Supported, "P-DARTS is at least": NotSupported, "Self-supervision helps PC-": Undecided, "Self-supervision helps PCP-": Undecided,
		"A PCP-DARTS search takes at least": Supported, "A P-DARTS search takes longer": NotSupported,
	} {
		c := claim(t, r, start)
		if c.Verdict != want {
			t.Errorf("%s, want %s", c, want)
		}
		if !strings.Contains(c.String(), fmt.Sprintf("%s at n = %d", want, c.N)) {
			t.Errorf("the sentence is %q", c)
		}
	}
	if c := claim(t, r, "A PCP-DARTS search"); math.Abs(math.Exp(c.Difference.Mean)-2) > 0.05 {
		t.Errorf("twice the time is %s", c)
	}
	if c := claim(t, r, "Self-supervision helps PCP-"); c.N != 0 || !strings.Contains(c.String(), "not measured") {
		t.Errorf("without stage 4: %s", c)
	}
}

func TestOneSeedDecidesNothing(t *testing.T) {
	r := made(1, map[string][]float64{"stage1": {50}, "stage3": {99}}, nil)
	if c := claim(t, r, "PCP-DARTS beats"); c.Verdict != Undecided || !strings.Contains(c.String(), "A test needs two") {
		t.Error(c)
	}
	if e := r.Lines[0].Accuracy; e != (score.Estimate{N: 1, Mean: 50}) {
		t.Errorf("of one seed: %+v, want no interval", e)
	}
}

// The value of a group is the mean of its configurations: 3 for 2 and 4 with seed 1. Each of the
// other seeds lacks one configuration, so it does not count.
func TestGroupsCountWithTheMeanOfSeedsThatAreThereInFull(t *testing.T) {
	r := made(3, map[string][]float64{"stage1": {1, 1, 1}, "stage2-0.25": {2, 2, 6}, "stage2-1": {4, 0, 2}}, nil)
	r.forget("stage2-1", 2)
	r.forget("stage2-0.25", 3)
	c := r.compare([]string{Stage2}, []string{Stage1}, r.Accuracy())
	if c.N != 1 || c.Difference.Mean != 2 {
		t.Errorf("n is %d and the difference %g, want 1 and 3 - 1", c.N, c.Difference.Mean)
	}
}

// A study grows by configurations: what has fewer seeds waits, and the claim names what counts.
func TestInAGrowingStudyAGroupCountsWithItsConfigurationsOfMostSeeds(t *testing.T) {
	r := made(3, map[string][]float64{"stage1": {1, 1, 1}, "stage2-0.25": {2, 2, 6}, "stage2-0.5": {4, 4, 6}, "stage2-1": {90, 90, 90}}, nil)
	r.forget("stage2-1", 2)
	r.summarize()
	c := claim(t, r, "Self-supervision helps PC-")
	if c.N != 3 || c.Difference.Mean != 3 || !strings.Contains(c.Text, "ss_factors 0.25, 0.5)") {
		t.Errorf("%s: n is %d and the difference %g, want 3 and ((3-1) + (3-1) + (6-1))/3", c.Text, c.N, c.Difference.Mean)
	}
	if answer := r.Answers()[0]; !strings.Contains(answer, "help PC-DARTS (mean over the ss_factors 0.25, 0.5)?") {
		t.Error(answer)
	}
}

// forget removes the result of a configuration's seed.
func (r *Results) forget(name string, seed int) {
	for i := range r.Trials {
		if r.Trials[i].Configuration.Name == name && r.Trials[i].Seed == seed {
			delete(r.Trials[i].Tests, "cifar10")
		}
	}
}

func TestHolmCountsTheTestsThatWereMade(t *testing.T) {
	r := made(3, map[string][]float64{"stage1": {93, 93.4, 92.8}, "stage3": {93.5, 94.4, 93.2}}, nil)
	// The two can be compared by accuracy, skip connections and operations without parameters.
	// Other measures are missing.
	c, tests := claim(t, r, "PCP-DARTS beats"), 0
	for _, c := range r.Claims {
		if c.N > 1 {
			tests++
		}
	}
	if want := min(1, c.P*float64(tests)); tests != 3 || math.Abs(c.Holm-want) > 1e-12 {
		t.Errorf("of %d tests p = %g becomes %g, want %g of 3", tests, c.P, c.Holm, want)
	}
}

func TestTheParetoFrontIsWhatNothingBeatsInBoth(t *testing.T) {
	r := made(1, map[string][]float64{"stage1": {93}, "stage3": {96}, "darts": {95}, "p-darts": {96}, "random": {90}},
		map[string][]float64{"stage1": {10}, "stage3": {20}, "darts": {30}, "p-darts": {20}})
	front := map[string]bool{}
	for _, l := range r.Lines {
		front[l.Configuration.Name] = l.Pareto
	}
	// random takes no time; p-darts is as good and as fast as stage3; darts is worse than stage3 in
	// both.
	for name, want := range map[string]bool{"random": true, "stage1": true, "stage3": true, "p-darts": true, "darts": false} {
		if front[name] != want {
			t.Errorf("%s is on the front: %v", name, front[name])
		}
	}
}

func TestSixteenConfigurationsTenOfTheSlidesAndThreeControls(t *testing.T) {
	all, published, controls := Configurations(), 0, 0
	for _, c := range all {
		if c.Control != "" {
			controls++
		}
		if Slides(c.Name).Accuracy > 0 {
			published++
		}
	}
	if len(all) != 16 || published != 10 || controls != 3 {
		t.Errorf("%d configurations, %d of the slides, %d controls", len(all), published, controls)
	}
	chosen := must.M1(Choose([]string{"random", "stage4", "stage2-0.5"}))
	if got := strings.Join(Names(chosen), " "); got != "stage2-0.5 stage4-0.25 stage4-0.5 stage4-0.75 stage4-1 random" {
		t.Errorf("chosen are %s", got)
	}
}

func TestThePageAndTheFiguresOfResultsAreDrawn(t *testing.T) {
	r := made(3, map[string][]float64{"stage1": {93, 93.4, 92.8}, "stage2-0.5": {93.1, 92, 94}, "random": {92, 92, 92.5}}, map[string][]float64{"stage1": {9000, 9100, 9050}, "stage2-0.5": {1, 2, 3}})
	page, figures, err := r.page()
	if err != nil {
		t.Fatal(err)
	}
	var html bytes.Buffer
	must.M(page.Write(&html))
	for _, want := range []string{"93.62", "93.07\u00a0±\u00a00.76", "n = 3", "Pareto", "stage2-0.5, seed 3, normal: skips"} {
		if !strings.Contains(html.String(), want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	if strings.Contains(html.String(), "have no meaning") {
		t.Error("a study of full size is said to be too small")
	}
	for name, f := range figures {
		var svg bytes.Buffer
		if err := f.SVG(&svg); err != nil || svg.Len() < 1000 {
			t.Errorf("%s: %v, %d bytes", name, err, svg.Len())
		}
	}
}

// The five seeds of stage 1 are compared with the same 30 random cells.
func TestFoundCellsArePlacedAmongAllRandomCells(t *testing.T) {
	random := make([]float64, 30)
	for i := range random {
		random[i] = 60 + float64(i)/10
	}
	r := made(5, map[string][]float64{"stage1": {62.95, 62.95, 62.95, 62.95, 60.05}, "random": random}, nil)
	if p := r.Lines[0].Percentile; math.Abs(p.Mean-(4*100+100.0/30)/5) > 1e-9 {
		t.Errorf("the mean percentile is %g", p.Mean)
	}
	c := claim(t, r, "The searches of the four stages beat random")
	if c.N != 5 || c.Reference != 30 || math.Abs(c.Difference.Mean-(62.37-61.45)) > 1e-9 {
		t.Errorf("%d seeds differ from %d random cells by %g, want 5, 30, 0.92", c.N, c.Reference, c.Difference.Mean)
	}
}

func TestControlsSeparateTheViewsFromTheLoss(t *testing.T) {
	r := made(4, map[string][]float64{
		"stage1": {60, 61, 60.5, 60.2}, "stage1-views": {63, 64.1, 63.4, 63.3}, "stage2-0.5": {63.1, 63.9, 63.5, 63.2},
	}, nil)
	for start, want := range map[string]Verdict{
		"Self-supervision helps PC-DARTS (": Supported, "Self-supervision helps PC-DARTS beyond": Undecided, "Two distorted views alone help PC-": Supported,
	} {
		if c := claim(t, r, start); c.Verdict != want {
			t.Errorf("%s, want %s", c, want)
		}
	}
}
