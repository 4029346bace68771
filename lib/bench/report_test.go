package bench

import (
	"encoding/json"
	"strings"
	"testing"
)

// turns returns turns of steps with these seconds.
func turns(seconds ...[]float64) (all [][]step) {
	for _, t := range seconds {
		var turn []step
		for _, s := range t {
			turn = append(turn, step{Seconds: s, CPU: 1.5 * s})
		}
		all = append(all, turn)
	}
	return
}

func TestARatioIsThatOfTwoTurnsBesideEachOther(t *testing.T) {
	// The machine is twice as slow in the second turn; this affects both sides.
	got := ratios(turns([]float64{1, 1, 9}, []float64{2, 2, 2}), turns([]float64{3, 3, 3}, []float64{6, 6, 60}))
	if len(got) != 2 || got[0] != 3 || got[1] != 3 {
		t.Errorf("%v, want 3 and 3", got)
	}
}

func TestTheFasterOfTheOthersCounts(t *testing.T) {
	r := &Result{Workload: "w", Images: 10}
	r.fill([]*side{
		{child: &child{}, turns: turns([]float64{1}, []float64{2}, []float64{3})},
		{child: &child{}, name: "eager", turns: turns([]float64{4}, []float64{4}, []float64{4})},
		{child: &child{}, name: "compile", turns: turns([]float64{3}, []float64{3}, []float64{3})},
	}, 2)
	if r.Best != "compile" || r.Ratio.Median != 1.5 || r.Ratio.Min != 1 || r.Ratio.Max != 3 {
		t.Errorf("%s is the best with a ratio of %v, want compile with 1.5 (1 to 3)", r.Best, r.Ratio)
	}
	if r.Step.Median != 2 || r.ImagesPerSecond != 5 || r.CPU != 3 || r.Busy != 0.75 {
		t.Errorf("steps of %g s, %g images/s, CPU time %g s, busy %g: want 2, 5, 3, 0.75", r.Step.Median, r.ImagesPerSecond, r.CPU, r.Busy)
	}
	text := (&Report{Results: []Result{*r}}).String()
	for _, want := range []string{"2.00 (1.00 to 3.00)", "1.50 (1.00 to 3.00)", ", compile", ", eager"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table has no %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Other programs") {
		t.Errorf("nothing else ran:\n%s", text)
	}
}

func TestWhatDoesNotCompileIsNotTheBest(t *testing.T) {
	r := &Result{Against: []Other{{Name: "compile", Error: "no C++ compiler"}}}
	r.fill([]*side{{child: &child{}, turns: turns([]float64{1})}, {child: &child{}, name: "eager", turns: turns([]float64{4})}}, 1)
	if r.Best != "eager" || r.Ratio.Median != 4 {
		t.Errorf("%s is the best with a ratio of %v, want eager with 4", r.Best, r.Ratio)
	}
	if text := (&Report{Results: []Result{*r}}).String(); !strings.Contains(text, "no C++ compiler") {
		t.Error(text)
	}
}

func TestAReportThatWasTakenUnderLoadSaysSo(t *testing.T) {
	r := &Report{Results: []Result{{}, {Steps: Steps{Others: 0.4}}}}
	if text := r.String(); !strings.Contains(text, "Other programs kept up to 40 % of the cores busy") {
		t.Error(text)
	}
}

func TestAReportInJSONHasTheNamesOfTheTable(t *testing.T) {
	text, err := json.Marshal(Report{Results: []Result{{Ratio: &Sample{}, Against: []Other{{}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"machine", "steps", "repeat", "results", "workload", "batch", "weights", "programs", "cold", "warm", "compile", "first_step", "step", "median", "min", "max", "values",
		"cpu_seconds", "images_per_second", "peak_bytes", "held_bytes", "call", "against", "best", "ratio", "others", "busy"} {
		if !strings.Contains(string(text), `"`+name+`":`) && name != "best" {
			t.Errorf("%q is missing in %s", name, text)
		}
	}
}
