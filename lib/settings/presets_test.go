package settings

import (
	"slices"
	"strconv"
	"testing"
)

// published are the settings in which methods and presets differ.
type published struct {
	k, cells, batch, epochs, frozen int
	lr, lrMin, archLR               float64
	phases                          string
	skipLimit                       int
}

const (
	ppp   = "5/8 11/5/0.4 17/3/0.7"
	short = "3/8 4/5/0.4 5/3/0.7"
)

var presets = map[string]map[string]published{
	// arXiv:1806.09055, section 3.1 and appendix A.1.1; arXiv:1907.05737, section 4.2;
	// arXiv:1904.12760, section 4.1
	"paper": {
		"darts":     {1, 8, 64, 50, 0, 0.025, 0.001, 3e-4, "", 0},
		"pc-darts":  {4, 8, 256, 50, 15, 0.1, 0, 6e-4, "", 0},
		"p-darts":   {1, 5, 96, 25, 10, 0.025, 0, 6e-4, ppp, 2},
		"pcp-darts": {4, 5, 256, 25, 10, 0.1, 0, 6e-4, ppp, 2},
	},
	"slides": {
		"darts":     {1, 8, 64, 40, 16, 0.025, 0, 6e-4, "", 0},
		"pc-darts":  {4, 8, 64, 40, 16, 0.025, 0, 6e-4, "", 0},
		"p-darts":   {1, 5, 64, 25, 10, 0.025, 0, 6e-4, ppp, 2},
		"pcp-darts": {4, 5, 64, 25, 10, 0.025, 0, 6e-4, ppp, 2},
	},
	"course": {
		"darts":     {1, 5, 64, 6, 2, 0.05, 0, 1e-2, "", 0},
		"pc-darts":  {4, 5, 64, 6, 2, 0.05, 0, 1e-2, "", 0},
		"p-darts":   {1, 5, 64, 3, 1, 0.05, 0, 1e-2, "5/8 6/5/0.4 8/3/0.7", 2},
		"pcp-darts": {4, 5, 64, 3, 1, 0.05, 0, 1e-2, "5/8 6/5/0.4 8/3/0.7", 2},
	},
	"quick": {
		"darts":     {1, 5, 32, 6, 2, 0.025, 0, 6e-3, "", 0},
		"pc-darts":  {4, 5, 32, 6, 2, 0.025, 0, 6e-3, "", 0},
		"p-darts":   {1, 3, 32, 2, 1, 0.025, 0, 6e-3, short, 2},
		"pcp-darts": {4, 3, 32, 2, 1, 0.025, 0, 6e-3, short, 2},
	},
	"demo": {
		"darts":     {1, 3, 32, 3, 1, 0.025, 0, 3e-2, "", 0},
		"pc-darts":  {4, 3, 32, 3, 1, 0.025, 0, 3e-2, "", 0},
		"p-darts":   {1, 3, 32, 2, 1, 0.025, 0, 3e-2, short, 2},
		"pcp-darts": {4, 3, 32, 2, 1, 0.025, 0, 3e-2, short, 2},
	},
	"study": {
		"darts":     {1, 3, 16, 2, 1, 0.025, 0, 3e-2, "", 0},
		"pc-darts":  {4, 3, 16, 2, 1, 0.025, 0, 3e-2, "", 0},
		"p-darts":   {1, 3, 16, 2, 1, 0.025, 0, 3e-2, short, 2},
		"pcp-darts": {4, 3, 16, 2, 1, 0.025, 0, 3e-2, short, 2},
	},
}

func check(t *testing.T, s Search, want published) {
	t.Helper()
	got := published{s.Partial, s.Cells, s.Batch, s.Epochs, s.Frozen, s.LR, s.LRMin, s.ArchLR, s.Phases, s.SkipLimit}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if s.Momentum != 0.9 || s.WeightDecay != 3e-4 || s.Clip != 5 || s.ArchWeightDecay != 1e-3 || s.Cutout != 0 || s.SSScale != 1 {
		t.Errorf("all methods have momentum 0.9, weight decays 3e-4 and 1e-3, clip 5: %+v", s)
	}
}

func TestEveryMethodHasThePresetsOfItsPaperAndOfTheSlides(t *testing.T) {
	if names := SearchChoice().PresetNames(); len(names) != len(presets) {
		t.Errorf("presets %v", names)
	}
	for preset, methods := range presets {
		if names := SearchChoice().MethodNames(); len(names) != len(methods) {
			t.Errorf("methods %v", names)
		}
		for method, want := range methods {
			t.Run(preset+"/"+method, func(t *testing.T) {
				c := SearchChoice()
				c.Preset, c.Method = preset, method
				s, err := c.Settings()
				if err != nil {
					t.Fatal(err)
				}
				check(t, s, want)
				channels := 16
				if preset == "course" {
					channels = 8
				}
				if s.Channels != channels {
					t.Errorf("%d channels, want %d", s.Channels, channels)
				}
				if s.SSFactor != 0 {
					t.Errorf("ss_factor %g", s.SSFactor)
				}
			})
		}
	}
}

func TestStagesAreAMethodAndAShareOfSelfSupervision(t *testing.T) {
	for preset, methods := range presets {
		for stage, want := range []struct {
			method string
			factor float64
		}{{"pc-darts", 0}, {"pc-darts", 0.5}, {"pcp-darts", 0}, {"pcp-darts", 0.5}} {
			c := SearchChoice()
			c.Preset = preset
			if err := SlidesStage(stage + 1).Choose(c); err != nil {
				t.Fatal(err)
			}
			s, err := c.Settings()
			if err != nil {
				t.Fatal(err)
			}
			check(t, s, methods[want.method])
			if s.SSFactor != want.factor {
				t.Errorf("stage %d: ss_factor %g", stage+1, s.SSFactor)
			}
		}
	}
}

func TestStagesAgreeWithWhatElseIsChosen(t *testing.T) {
	for _, c := range []struct {
		stage          int
		method, factor string
		works          bool
	}{
		{2, "pc-darts", "0.25", true}, {4, "", "1", true}, {1, "", "0", true}, {3, "pcp-darts", "0.0", true},
		{2, "pcp-darts", "", false}, {4, "p-darts", "", false}, {2, "", "0", false}, {3, "", "0.5", false}, {0, "", "", false}, {5, "", "", false},
	} {
		choice := SearchChoice()
		choice.Method = c.method
		if c.factor != "" {
			if err := choice.Set("ss_factor", c.factor); err != nil {
				t.Fatal(err)
			}
		}
		if err := SlidesStage(c.stage).Choose(choice); (err == nil) != c.works {
			t.Errorf("%+v: %v", c, err)
		}
		values, given := choice.Values()
		if want, err := strconv.ParseFloat(c.factor, 64); c.works && err == nil && (values.SSFactor != want || !slices.Contains(given, "ss_factor")) {
			t.Errorf("%+v: the ss_factor became %g", c, values.SSFactor)
		}
	}
}

func TestTrainingsHaveTheBatchAndTheDropPathOfTheirPapersCode(t *testing.T) {
	for method, want := range map[string]struct {
		batch    int
		dropPath float64
	}{"": {96, 0.3}, "pc-darts": {96, 0.3}, "darts": {96, 0.2}, "p-darts": {128, 0.3}} {
		c := TrainChoice()
		c.Preset, c.Method = "paper", method
		s, err := c.Settings()
		if err != nil || s.Batch != want.batch || s.DropPath != want.dropPath {
			t.Errorf("%q: batch %d, drop path %g (%v), want %+v", method, s.Batch, s.DropPath, err, want)
		}
	}
}

func TestPDartsClipsItsAlphasInThePapersPreset(t *testing.T) {
	for _, method := range SearchChoice().MethodNames() {
		c := SearchChoice()
		c.Preset, c.Method = "paper", method
		s, err := c.Settings()
		if want := map[string]float64{"p-darts": 5}[method]; err != nil || s.ArchClip != want {
			t.Errorf("%s clips alphas at %g (%v), want %g", method, s.ArchClip, err, want)
		}
	}
}

func TestTheRateOfBarlowTwinsIsInProportionToTheBatch(t *testing.T) {
	c := PretrainChoice()
	c.Preset = "paper"
	if err := c.Set("batch", 1024); err != nil {
		t.Fatal(err)
	}
	s, err := c.Settings()
	if err != nil || s.WeightDecay != 1e-6 || s.LR != 0.2 || s.Rate() != 0.8 {
		t.Errorf("%v: decay %g, lr %g, at a batch of %d %g", err, s.WeightDecay, s.LR, s.Batch, s.Rate())
	}
	if s.LRBatch = 0; s.Rate() != 0.2 {
		t.Errorf("without scaling it is %g", s.Rate())
	}
}
