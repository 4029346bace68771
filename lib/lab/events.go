package lab

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/whole"
)

// Event is a line of events.jsonl. Epochs and steps count from 0.
type Event struct {
	Kind    fit.Kind        `json:"kind"` // fit.EndOfStep, fit.EndOfEpoch or fit.Note
	Epoch   int             `json:"epoch"`
	Step    int             `json:"step"`    // of an epoch: how many it had
	Seconds float64         `json:"seconds"` // that the run has taken so far, over all its processes
	Metrics fit.Metrics     `json:"metrics,omitempty"`
	Details json.RawMessage `json:"details,omitempty"` // of an epoch
	Best    bool            `json:"best,omitempty"`    // of an epoch: the lowest validation loss so far
	Text    string          `json:"text,omitempty"`    // of a note
}

// before says whether an event belongs to what was done before that step; notes belong to what they follow.
func (e Event) before(epoch, step int) bool {
	switch e.Kind {
	case fit.EndOfStep:
		return e.Epoch < epoch || e.Epoch == epoch && e.Step < step
	case fit.EndOfEpoch:
		return e.Epoch < epoch
	}
	return true
}

// Events reads the run's events. A last line that a kill has torn is left out.
func (r *Run) Events() ([]Event, error) {
	raw, err := os.ReadFile(r.Path("events.jsonl"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, whole.Explain(err, r.Path("events.jsonl"))
	}
	var events []Event
	for number := 1; len(raw) > 0; number++ {
		line, rest, complete := bytes.Cut(raw, []byte("\n"))
		raw = rest
		if !complete {
			break
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("line %d of %s is damaged (%w): delete the line", number, r.Path("events.jsonl"), err)
		}
		events = append(events, e)
	}
	return events, nil
}

// record writes a run's events.
type record struct {
	path    string
	file    *os.File
	start   time.Time
	earlier float64 // seconds that earlier processes took
	pending []Event // before the loop has told where the run stands
}

func (r *Run) record() *record { return &record{path: r.Path("events.jsonl"), start: time.Now()} }

func (l *record) seconds() float64 { return l.earlier + time.Since(l.start).Seconds() }

// open cuts off what the last checkpoint doesn't know, for it will happen again.
func (l *record) open(epoch, step int) error {
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return whole.Explain(err, l.path)
	}
	l.file = f
	var keep int64
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		var e Event
		if json.Unmarshal(line, &e) != nil || !e.before(epoch, step) || epoch == 0 && step == 0 {
			break
		}
		keep += int64(len(line))
		l.earlier = e.Seconds
	}
	if err := f.Truncate(keep); err != nil {
		return whole.Explain(err, l.path)
	}
	if _, err := f.Seek(keep, io.SeekStart); err != nil {
		return err
	}
	if keep > 0 {
		l.pending = append(l.pending, Event{Kind: fit.Note, Epoch: epoch, Step: step, Text: fmt.Sprintf("went on at epoch %d, step %d", epoch+1, step+1)})
	}
	for _, e := range l.pending {
		if err := l.write(e); err != nil {
			return err
		}
	}
	l.pending = nil
	return nil
}

func (l *record) note(text string) error {
	e := Event{Kind: fit.Note, Text: text}
	if l.file == nil {
		l.pending = append(l.pending, e)
		return nil
	}
	return l.write(e)
}

func (l *record) write(e Event) error {
	e.Seconds = l.seconds()
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = l.file.Write(append(text, '\n'))
	return whole.Explain(err, l.path)
}

// observe records what the loop tells.
func (l *record) observe(e fit.Event) error {
	switch e.Kind {
	case fit.Begin:
		return l.open(e.Epoch, e.Step)
	case fit.Saving:
		return whole.Explain(l.file.Sync(), l.path)
	case fit.Note:
		return l.note(e.Text)
	}
	line := Event{Kind: e.Kind, Epoch: e.Epoch, Step: e.Step, Metrics: e.Metrics, Best: e.Best}
	if e.Details != nil {
		text, err := json.Marshal(e.Details)
		if err != nil {
			return err
		}
		line.Details = text
	}
	return l.write(line)
}

func (l *record) close() {
	if l.file != nil {
		l.file.Close()
	}
}
