package stage

import (
	"bytes"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/janpfeifer/must"
)

// overview is the drawing of a run's overview, as SVG, and its text.
func overview(t *testing.T, dir string) (svg, text string) {
	t.Helper()
	f, text, err := Overview(must.M1(run.Open(dir)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	must.M(f.SVG(&b))
	return b.String(), text
}

func TestTheOverviewOfASearchHasCurvesAlphasAndTheCellsOfTheLastEpoch(t *testing.T) {
	g, _ := cell.Published("PC_DARTS_cifar")
	svg, text := overview(t, searchRun(t, 3, g))
	holds(t, svg, "Loss", "Accuracy", "After epoch 3", "Normal cell", "Reduction cell", "half")
	if want := "after epoch 3, loss 1.000, accuracy 40.0 %, validation loss 1.250, accuracy 62.5 %\n" + g.Python(); text != want {
		t.Errorf("the text is %q, want %q", text, want)
	}
	other, _ := cell.Published("DARTS_V2")
	if again, _ := overview(t, searchRun(t, 3, other)); again == svg {
		t.Error("a search with another cell at its end is drawn the same")
	}
}

func TestCurvesAreOfBothHalvesAndOfBothTermsWhereThereAreTwoViews(t *testing.T) {
	titles := func(m event.Metrics) (all string) {
		for _, c := range halves(report.HistoryOf([]run.Event{{Kind: event.EndOfEpoch, Metrics: m}})) {
			all += c.Title + ";"
			if len(c.Series) != 2 {
				t.Errorf("%s has %d curves", c.Title, len(c.Series))
			}
		}
		return all
	}
	if got := titles(event.Metrics{"train_loss": 1}); got != "Loss;Accuracy;" {
		t.Errorf("without views %q", got)
	}
	if got := titles(event.Metrics{"train_loss": 1, "train_bt": 3}); got != "Loss;Accuracy;Cross-entropy;Barlow Twins loss;" {
		t.Errorf("with views %q", got)
	}
}

func TestTheSummaryIsOfTheLastEpoch(t *testing.T) {
	h := report.HistoryOf([]run.Event{
		{Kind: event.EndOfEpoch, Epoch: 0, Metrics: event.Metrics{"train_loss": 2}},
		{Kind: event.EndOfEpoch, Epoch: 1, Metrics: event.Metrics{"train_loss": 1, "train_accuracy": 0.5}},
	})
	if got, want := summary(h), "after epoch 2, loss 1.000, accuracy 50.0 %"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTheOverviewOfASearchThatHasJustBegunSaysSo(t *testing.T) {
	g, _ := cell.Published("PC_DARTS_cifar")
	svg, text := overview(t, searchRun(t, 0, g))
	if text != "no epoch has ended yet" {
		t.Errorf("the text is %q", text)
	}
	if !strings.Contains(svg, "<svg") {
		t.Errorf("it is drawn as %q", svg)
	}
	if strings.Contains(svg, "Normal cell") {
		t.Error("there is a cell before the first epoch's end")
	}
}

func TestTheOverviewOfATrainingHasItsCurvesAndNoCell(t *testing.T) {
	g, _ := cell.Published("DARTS_V2")
	chosen := must.M1(settings.TrainChoice().Settings())
	svg, text := overview(t, writeRun(t, run.Config{Stage: trainStage().Name, Name: "train-cifar10", Settings: encode(chosen), Genotype: &g}, 2, nil))
	holds(t, svg, "Loss", "Accuracy", "validation", "training")
	if strings.Contains(svg, "cell") {
		t.Error("there is a cell")
	}
	if want := "after epoch 2, loss 1.000, accuracy 40.0 %, validation loss 1.250, accuracy 62.5 %"; text != want {
		t.Errorf("the text is %q, want %q", text, want)
	}
}

func TestTheOverviewOfARunThatIsTooSmallSaysSo(t *testing.T) {
	g, _ := cell.Published("PC_DARTS_cifar")
	quick := must.M1(settings.SearchChoice().Settings()) // 2,000 images, 6 epochs
	slides := settings.SearchChoice()
	slides.Preset = "slides"
	for name, c := range map[string]struct {
		dir  string
		warn bool
	}{
		"quick":  {searchRunOf(t, quick, 1, g, 0), true},
		"slides": {searchRunOf(t, must.M1(slides.Settings()), 1, g, 0), false},
	} {
		r := must.M1(run.Open(c.dir))
		notes := must.M1(searchStage().warnings(r.Config))
		if (len(notes) > 0) != c.warn {
			t.Errorf("%s: warnings are %q", name, notes)
		}
		svg, _ := overview(t, c.dir)
		for _, note := range notes {
			holds(t, svg, strings.Fields(note)[0])
		}
	}
}

func TestSettingsThatCannotBeReadAreTold(t *testing.T) {
	for _, stage := range []string{searchStage().Name, trainStage().Name, pretrainStage().Name} {
		dir := writeRun(t, run.Config{Stage: stage, Settings: []byte(`{"epochs": "many"}`)}, 1, nil)
		if _, _, err := Overview(must.M1(run.Open(dir))); err == nil || !strings.Contains(err.Error(), "config.json") {
			t.Errorf("%s: %v", stage, err)
		}
	}
}
