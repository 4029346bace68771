package run

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

	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/atomicfile"
)

// Event is a line of events.jsonl. Epochs and steps count from 0.
type Event struct {
	Kind    event.Kind      `json:"kind"` // event.EndOfStep, event.EndOfEpoch or event.Note
	Epoch   int             `json:"epoch"`
	Step    int             `json:"step"`    // for an epoch: its number of steps
	Seconds float64         `json:"seconds"` // time of the run so far, over all its processes
	Metrics event.Metrics   `json:"metrics,omitempty"`
	Details json.RawMessage `json:"details,omitempty"` // for an epoch: see Architecture
	// for an epoch: it has the lowest validation loss so far
	Best bool   `json:"best,omitempty"`
	Text string `json:"text,omitempty"` // for a note
}

// before reports whether an event precedes a step; a note belongs to the event before it.
func (e Event) before(epoch, step int) bool {
	switch e.Kind {
	case event.EndOfStep:
		return e.Epoch < epoch || e.Epoch == epoch && e.Step < step
	case event.EndOfEpoch:
		return e.Epoch < epoch
	}
	return true
}

// Events reads the run's events and ignores an incomplete last line. It returns an error if the
// file can't be read or another line is damaged.
func (r *Run) Events() ([]Event, error) {
	raw, err := os.ReadFile(r.Path("events.jsonl"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, atomicfile.Explain(err, r.Path("events.jsonl"))
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
			return nil, damage(r.Path("events.jsonl"), number, err)
		}
		events = append(events, e)
	}
	return events, nil
}

// Record writes a run's events.
type Record struct {
	path    string
	file    *os.File
	start   time.Time
	earlier float64 // seconds of earlier processes
	pending []Event // events before Open
}

// Record returns the record of the run. Only the process with its lock may write it.
func (r *Run) Record() *Record { return &Record{path: r.Path("events.jsonl"), start: time.Now()} }

func (l *Record) seconds() float64 { return l.earlier + time.Since(l.start).Seconds() }

// Open removes the events after the last checkpoint, at (epoch, step), because the continued run
// records them again. If an earlier line is damaged, Open removes nothing and returns an error.
func (l *Record) Open(epoch, step int) error {
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return atomicfile.Explain(err, l.path)
	}
	l.file = f
	keep, err := l.known(f, epoch, step)
	if err != nil {
		return err
	}
	if err := f.Truncate(keep); err != nil {
		return atomicfile.Explain(err, l.path)
	}
	if _, err := f.Seek(keep, io.SeekStart); err != nil {
		return atomicfile.Explain(err, l.path)
	}
	if keep > 0 {
		l.pending = append(l.pending, Event{Kind: event.Note, Epoch: epoch, Step: step, Text: fmt.Sprintf("went on at epoch %d, step %d", epoch+1, step+1)})
	}
	for _, e := range l.pending {
		if err := l.Write(e); err != nil {
			return err
		}
	}
	l.pending = nil
	return nil
}

// known returns the length in bytes of the events before the checkpoint. A damaged line after the
// checkpoint is removed with everything that follows: a power cut leaves such ends.
func (l *Record) known(f io.Reader, epoch, step int) (keep int64, err error) {
	if epoch == 0 && step == 0 {
		return 0, nil
	}
	var damaged error
	var last Event // before the checkpoint
	end := func() (int64, error) {
		if damaged != nil && !last.precedes(epoch, step) {
			return 0, damaged
		}
		return keep, nil
	}
	lines := bufio.NewReader(f)
	for number, at := 1, int64(0); ; number++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF { // the text after the last line break is incomplete
			return end()
		}
		if err != nil {
			return 0, atomicfile.Explain(err, l.path)
		}
		at += int64(len(line))
		var e Event
		switch err := json.Unmarshal(line, &e); {
		case err != nil && damaged == nil:
			damaged = damage(l.path, number, err)
		case err != nil:
		case !e.before(epoch, step):
			return end()
		case damaged != nil && e.Kind != event.Note:
			return 0, damaged
		case damaged == nil:
			keep, l.earlier = at, e.Seconds
			if e.Kind != event.Note {
				last = e
			}
		}
	}
}

// precedes reports whether a checkpoint of this position was written right after the event.
func (e Event) precedes(epoch, step int) bool {
	if step > 0 {
		return e.Kind == event.EndOfStep && e.Epoch == epoch && e.Step == step-1
	}
	return e.Kind == event.EndOfEpoch && e.Epoch == epoch-1
}

// damage returns the error for an unreadable line.
func damage(path string, number int, err error) error {
	return fmt.Errorf("line %d of %s is damaged (%w): delete the line (curves then lack that step or epoch), or delete the whole run", number, path, err)
}

// Note records a remark for the reader. Remarks before Open are written by Open. Note returns an
// error if the file can't be written.
func (l *Record) Note(text string) error {
	e := Event{Kind: event.Note, Text: text}
	if l.file == nil {
		l.pending = append(l.pending, e)
		return nil
	}
	return l.Write(e)
}

// Write records an event with the time of the run. It returns an error if the file can't be
// written.
func (l *Record) Write(e Event) error {
	e.Seconds = l.seconds()
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = l.file.Write(append(text, '\n'))
	return atomicfile.Explain(err, l.path)
}

// Sync waits until all events are on the disk, and returns an error if that fails.
func (l *Record) Sync() error { return atomicfile.Explain(l.file.Sync(), l.path) }

// Close closes the file.
func (l *Record) Close() {
	if l.file != nil {
		l.file.Close()
	}
}
