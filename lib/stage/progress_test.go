package stage

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
)

// hours is a task of many steps.
type hours struct{ fit.Task }

func (hours) Epochs() int   { return 600 }
func (hours) Steps(int) int { return 10000 }

func TestWithoutATerminalALineComesNowAndThenAndAtTheEndOfEachEpoch(t *testing.T) {
	var out bytes.Buffer
	p := (&Env{Progress: &out}).progress()
	now := time.Unix(0, 0)
	p.now = func() time.Time { return now }
	tell := p.observe(hours{})
	for step := range 60 {
		tell(fit.Event{Kind: event.EndOfStep, Step: step, Metrics: event.Metrics{"train_loss": 1, "train_accuracy": 0.5}, Left: time.Minute})
		now = now.Add(time.Second)
	}
	tell(fit.Event{Kind: event.EndOfEpoch, Step: 60, Metrics: event.Metrics{"train_loss": 1, "val_loss": 2, "val_accuracy": 0.25}})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 7 {
		t.Errorf("%d lines in a minute, want one every 10 s and one more:\n%s", len(lines), out.String())
	}
	if want := "epoch 1/600, step 11/10000, loss 1.000, accuracy 50.0 %, 1m0s to go"; lines[1] != want {
		t.Errorf("got %q, want %q", lines[1], want)
	}
	if want := "epoch 1/600, loss 1.000, validation loss 2.000, accuracy 25.0 %"; lines[6] != want {
		t.Errorf("got %q, want %q", lines[6], want)
	}
}

func TestWithAStatusNoLineStays(t *testing.T) {
	var out bytes.Buffer
	var last string
	p := (&Env{Progress: &out, Status: func(text string) { last = text }}).progress()
	tell := p.observe(hours{})
	tell(fit.Event{Kind: event.EndOfStep, Metrics: event.Metrics{"train_loss": 1}})
	if want := "epoch 1/600, step 1/10000, loss 1.000"; last != want {
		t.Errorf("the status is %q, want %q", last, want)
	}
	tell(fit.Event{Kind: event.EndOfEpoch, Step: 60, Metrics: event.Metrics{"train_loss": 2}})
	if want := "epoch 1/600, loss 2.000"; last != want {
		t.Errorf("the status is %q, want %q", last, want)
	}
	tell(fit.Event{Kind: event.Note, Text: "a remark"})
	if out.String() != "a remark\n" {
		t.Errorf("there stays %q, want the remark alone", out.String())
	}
}

func TestABarFitsALineOf80Letters(t *testing.T) {
	var out bytes.Buffer
	p := (&Env{Progress: &out, Terminal: true}).progress()
	p.observe(hours{})(fit.Event{Kind: event.EndOfStep, Epoch: 599, Step: 9998, Metrics: event.Metrics{"train_loss": 12.345, "train_accuracy": 1, "arch_loss": 1}, Left: 9999 * time.Second})
	text := out.String()
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' }) {
		line, _, _ = strings.Cut(line, "\x1b")
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("%d letters: %q", n, line)
		}
	}
	if !strings.Contains(text, "epoch 600/600, step 9999/10000, loss 12.35") {
		t.Errorf("the bar says %q", text)
	}
}

// failing is a preparer that reports and fails.
type failing struct{}

func (failing) Prepare(report func(done, total int, name string, took time.Duration)) error {
	report(1, 2, "block", time.Second)
	return errors.New("no")
}

func TestCompilingTellsItsFault(t *testing.T) {
	p := (&Env{}).progress() // nobody watches
	if _, err := p.compile(failing{}); err == nil || err.Error() != "no" {
		t.Errorf("got %v", err)
	}
}
