package stage

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

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
	result := must.M1(conclude(r))
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
	if result := must.M1(conclude(r)); result.Fitting != 10 || result.Seconds != 37 {
		t.Errorf("fitting took %g of %g s, want 10 of 37", result.Fitting, result.Seconds)
	}
}
