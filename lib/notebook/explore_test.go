package notebook

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/run"
)

func state(factor float64, data string) run.State {
	return run.State{Settings: map[string]any{"ss_factor": factor, "k": 4.0}, Data: data, Metrics: map[string][]*float64{}}
}

func TestSearchesOfTheButtonStandBesideTheOthersWhenTheCellRunsAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "found.json")
	if got := kept(file); len(got) != 0 {
		t.Errorf("without a file %d states are kept", len(got))
	}
	kept(file).with(state(0.3, "CIFAR-10")).Write(file)
	kept(file).with(state(0.3, "CIFAR-10")).Write(file) // again
	kept(file).with(state(0.3, "CIFAR-100")).Write(file)
	if got := kept(file); len(got) != 2 {
		t.Errorf("%d states are kept, want one for each images", len(got))
	}
	page := explored(States{state(0, "CIFAR-10"), state(1, "CIFAR-10")}, []Option{Keep(file), Band("random cells", 60, 70), Preset("demo")}).html
	for _, want := range []string{`"ss_factor":0.3`, `nb.Explored(nb.Keep(`, `"band":{"name":"random cells","low":60,"high":70}`, `nb.Flag(\"preset\", \"demo\")`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestASliderIsForASettingThatAllStatesHave(t *testing.T) {
	one, other := state(0, "x"), state(1, "x")
	other.Settings["method"] = "darts"
	if got := varying(States{one, other}); len(got) != 1 || got[0] != "ss_factor" {
		t.Errorf("sliders are made for %q", got)
	}
}
