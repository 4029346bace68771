package notebook

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/serve"
	"github.com/janpfeifer/must"
)

func TestEpochsAreReadFromEventsWithoutStepsNotesAndATornLine(t *testing.T) {
	dir := t.TempDir()
	must.M(os.WriteFile(filepath.Join(dir, "events.jsonl"), []byte(`{"kind":"note","text":"ready"}
{"kind":"step","epoch":0,"step":0,"metrics":{"train_loss":3}}
{"kind":"epoch","epoch":0,"step":1,"metrics":{"train_loss":2.5},"details":{"genotype":null}}
{"kind":"epoch","epoch":1,"step":1,"metrics":{"train_loss":2}}
{"kind":"epoch","epoch":2,"st`), 0o644))
	all := (&Run{Summary: run.Summary{Dir: dir}}).Epochs()
	if len(all) != 2 || all[0].Number != 1 || all[1].Number != 2 || all[1].Metrics["train_loss"] != 2 || all[0].Genotype != nil {
		t.Errorf("epochs are %+v", all)
	}
	if loss, none := all[0].Metric("train_loss"), all[0].Metric("arch_loss"); loss != 2.5 || !math.IsNaN(none) {
		t.Errorf("the first epoch's loss is %g, and one that it doesn't have %g; want 2.5 and NaN", loss, none)
	}
}

func TestLinesOfACommandNameNoPathOfTheMachine(t *testing.T) {
	p := newProgress(true)
	p.root = "/home/me/essnas/"
	p.told(serve.Message{Say: "search in /home/me/essnas/runs/search-1, on XLA"})
	if want := "search in runs/search-1, on XLA"; len(p.lines) != 1 || p.lines[0] != want {
		t.Errorf("told %q, want %q", p.lines, want)
	}
}

// A number that JSON has no word for stands in events as null: curves leave it out, and don't fall
// to 0.
func TestANumberThatIsNoneIsAGapInACurve(t *testing.T) {
	dir := t.TempDir()
	must.M(os.WriteFile(filepath.Join(dir, "events.jsonl"), []byte(`{"kind":"epoch","epoch":0,"step":1,"metrics":{"train_loss":2,"arch_loss":null}}
`), 0o644))
	all := (&Run{Summary: run.Summary{Dir: dir}}).Epochs()
	if len(all) != 1 || all[0].Metric("train_loss") != 2 || !math.IsNaN(all[0].Metric("arch_loss")) || !math.IsNaN(all[0].Metrics["arch_loss"]) {
		t.Errorf("epochs are %v: want an arch_loss of NaN", all)
	}
}

func TestAMetricThatOnlyOtherRunsHaveIsNoSlipOfThePen(t *testing.T) {
	e := Epoch{known: []string{"arch_loss", "train_ce", "train_loss"}}
	for _, name := range []string{"train_bt", "val_loss", "cosine"} { // a slip would end the program
		if got := e.Metric(name); !math.IsNaN(got) {
			t.Errorf("%s is %g", name, got)
		}
	}
}

// The cell of a mistyped metric ends: here in a process of its own.
func TestAMistypedMetricEndsTheCellWithTheNearest(t *testing.T) {
	if os.Getenv("ESSNAS_TEST_METRIC") != "" {
		Epoch{known: []string{"arch_loss", "train_loss"}}.Metric("train_los")
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^TestAMistypedMetric")
	command.Env = append(os.Environ(), "ESSNAS_TEST_METRIC=1")
	out, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(out), `did you mean "train_loss"?`) {
		t.Errorf("the cell says %q (%v)", out, err)
	}
}
