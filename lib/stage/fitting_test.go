package stage

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/run"
	"github.com/janpfeifer/must"
)

func TestTheResultIsThatOfTheLastAndTheBestEpoch(t *testing.T) {
	r := &run.Run{Dir: t.TempDir()}
	text := ""
	for epoch := range 3 {
		text += fmt.Sprintf(`{"kind":"epoch","epoch":%d,"best":%v,"metrics":{"val_loss":%d}}`+"\n", epoch, epoch == 1, epoch)
	}
	must.M(os.WriteFile(r.Path("events.jsonl"), []byte(text), 0o644))
	result := must.M1(conclude(r, 1))
	if result.Epochs != 3 || result.Metrics["val_loss"] != 2 || result.BestEpoch != 2 || result.Best["val_loss"] != 1 {
		t.Errorf("the result is %+v", result)
	}
}

func TestAnInterruptionSaysHowToGoOn(t *testing.T) {
	err := error(Interrupted{Epoch: 2, Step: 3, Command: run.Command("search", "--run", "my run")})
	if !strings.HasSuffix(err.Error(), "search --run 'my run'") || !errors.As(err, new(Interrupted)) {
		t.Error(err)
	}
}

func TestFittingIsTheTimeFromStepToStepOverAllProcesses(t *testing.T) {
	r := &run.Run{Dir: t.TempDir()}
	text := ""
	for _, e := range []struct {
		kind    event.Kind
		seconds float64
	}{
		// 20 s of compiling, 5 s of steps
		{event.Note, 20}, {event.EndOfStep, 23}, {event.EndOfStep, 25},
		// 7 s of loading in the second process, 5 s of work
		{event.Note, 32}, {event.EndOfStep, 33}, {event.EndOfEpoch, 37},
	} {
		text += fmt.Sprintf(`{"kind":%q,"seconds":%g}`+"\n", e.kind, e.seconds)
	}
	must.M(os.WriteFile(r.Path("events.jsonl"), []byte(text), 0o644))
	if result := must.M1(conclude(r, 0)); result.Fitting != 10 || result.Seconds != 37 {
		t.Errorf("fitting took %g of %g s, want 10 of 37", result.Fitting, result.Seconds)
	}
}

// Events are a record; what is best, the checkpoint knows.
func TestTheBestEpochIsTheCheckpoints(t *testing.T) {
	r := &run.Run{Dir: t.TempDir()}
	text := `{"kind":"epoch","epoch":0,"best":true,"metrics":{"val_loss":1}}` + "\n" + `{"kind":"epoch","epoch":1,"metrics":{"val_loss":2}}` + "\n"
	must.M(os.WriteFile(r.Path("events.jsonl"), []byte(text), 0o644))
	if result := must.M1(conclude(r, 1)); result.BestEpoch != 2 || result.Best["val_loss"] != 2 {
		t.Errorf("the result is %+v, want epoch 2", result)
	}
	if result := must.M1(conclude(r, -1)); result.BestEpoch != 0 || result.Best != nil {
		t.Errorf("the result is %+v, want no best epoch", result)
	}
	if _, err := conclude(r, 2); err == nil || !strings.Contains(err.Error(), "has no epoch 3") {
		t.Errorf("got %v, want an error that names the epoch", err)
	}
}

func TestARunThatHasEndedGetsThePageThatAKillKeptFromIt(t *testing.T) {
	g, _ := cell.Published("DARTS_V2")
	r := must.M1(run.Open(searchRun(t, 2, g)))
	must.M(r.WriteGenotype(g))
	must.M(r.Write("result.json", run.Result{Epochs: 2}))
	l := new(Env)
	drawn := func() bool {
		before, _ := os.Stat(r.Path("report.html"))
		must.M(l.unreported(r))
		after := must.M1(os.Stat(r.Path("report.html")))
		return before == nil || !after.ModTime().Equal(before.ModTime())
	}
	if !drawn() {
		t.Error("it has none, and none is drawn")
	}
	if drawn() {
		t.Error("it has one, and another one is drawn")
	}
	must.M(os.Chtimes(r.Path("report.html"), time.Time{}, time.Now().Add(-time.Hour)))
	if !drawn() {
		t.Error("its page is older than its result, and none is drawn")
	}
}
