package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/memory"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
)

// Interrupted is the error of a stopped stage that can continue.
type Interrupted struct {
	Run         *run.Run
	Epoch, Step int    // position of the stop, counted from 1
	Command     string // command line to continue
}

// Error names the position and the command to continue.
func (e Interrupted) Error() string {
	return fmt.Sprintf("stopped in epoch %d after step %d, and saved; go on with: %s", e.Epoch, e.Step, e.Command)
}

// Unwrap returns context.Canceled.
func (e Interrupted) Unwrap() error { return context.Canceled }

// task is a fit.Task of package search, train or pretrain.
type task interface {
	fit.Task
	preparer
	SetSaving(s block.Saving) // before Prepare
	Close()
}

// work is the work of a stage that fits a task in a run directory: it begins the run, continues it,
// or finds it finished.
type work struct {
	config run.Config
	images func() error // reads the images; not called for a finished run
	memory demand
	dir    string // directory of the run; "" for the one that the config names
	// remarks returns sentences that are shown and recorded when the run begins; nil: none.
	remarks func() []string
	task    func(b *backend.Backend) (task, error)
	begun   func(r *run.Run) error // called once the directory exists
	// ready is called before the first epoch or the continuation.
	ready func(r *run.Run, b *backend.Backend) error
	end   func(r *run.Run, t task) error // called after the last epoch
}

// do makes or continues the run and returns it closed; ended reports that it was finished before.
func (l *Env) do(ctx context.Context, w work) (r *run.Run, ended bool, err error) {
	w.config.Command = l.Command
	r, err = run.Begin(l.runs(), w.dir, w.config)
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	if result, err := r.Result(); err != nil {
		return r, false, err
	} else if result != nil {
		return r, true, l.unreported(r)
	}
	begun := false
	defer func(r *run.Run) {
		if !begun {
			r.Forget()
		}
	}(r)
	if err := w.images(); err != nil {
		return nil, false, err
	}
	if w.begun != nil {
		if err := w.begun(r); err != nil {
			return nil, false, err
		}
	}
	if l.Turn != nil {
		leave, err := l.Turn(ctx)
		if err != nil {
			return nil, false, err
		}
		defer leave()
	}
	b, err := l.open(ctx, w.memory.options.Devices)
	if err != nil {
		return nil, false, err
	}
	var remarks []string
	if w.remarks != nil {
		remarks = w.remarks()
	}
	if r.Config.Backend.Kind != "" { // the run continues
		remarks = otherwise(r, run.Versions(), b.PluginVersion)
	}
	if err := computesOn(r, b); err != nil {
		return nil, false, err
	}
	b = b.Racing(r.Config.Choices)
	saving, err := l.fits(r, b, w.memory)
	if err != nil {
		return nil, false, err
	}
	t, err := w.task(b)
	if err != nil {
		return nil, false, err
	}
	defer t.Close()
	t.SetSaving(saving)
	if w.ready != nil {
		if err := w.ready(r, b); err != nil {
			return nil, false, err
		}
	}
	begun = true
	if err := l.fit(ctx, r, b, t, remarks); err != nil {
		return nil, false, err
	}
	if w.end != nil {
		if err := w.end(r, t); err != nil {
			return nil, false, err
		}
	}
	last, err := fit.LoadState(checkpoints(r).Last())
	if err != nil {
		return nil, false, fmt.Errorf("the run has ended, and its last checkpoint can't be read: %w", err)
	}
	_, _, best, err := fit.Progress(last)
	if err != nil {
		return nil, false, err
	}
	result, err := conclude(r, best)
	if err != nil {
		return nil, false, err
	}
	return r, false, r.Write("result.json", result)
}

// computesOn records the backend. It refuses to continue a run on another kind of backend, which
// would give other bits.
func computesOn(r *run.Run, b *backend.Backend) error {
	kind := r.Config.Backend.Kind
	if kind == "" {
		r.Config.Backend = backendOf(b)
		r.Config.Versions = run.Versions()
		return r.Write("config.json", r.Config)
	}
	if kind != b.Kind {
		return fmt.Errorf("%s was begun on %s and this is %s: go on with --backend %s, or choose another directory", r.Dir, kind, b.Kind, kind)
	}
	return nil
}

// ahead is the interval at which the losses of a GPU's steps are read: often enough for progress.
const ahead = time.Second / 2

// chooses records the winners of races between lowerings, so that a continued run keeps them.
func chooses(r *run.Run, choices map[string]string) error {
	if maps.Equal(choices, r.Config.Choices) {
		return nil
	}
	r.Config.Choices = choices
	return r.Write("config.json", r.Config)
}

func (l *Env) fit(ctx context.Context, r *run.Run, b *backend.Backend, t task, remarks []string) error {
	p, record := l.progress(), r.Record()
	defer record.Close()
	p.say("%s in %s, on %s; %s", r.Config.Stage, r.Dir, b, report.MemoryText(*r.Config.Memory))
	for _, text := range remarks {
		p.say("%s", text)
		if err := record.Note(text); err != nil {
			return err
		}
	}
	before := b.Stats()
	took, err := p.compile(t)
	if err != nil {
		return err
	}
	if err := chooses(r, b.Choices.All()); err != nil {
		return err
	}
	s := b.Stats()
	text := fmt.Sprintf("ready after %.1f s: %d programs compiled, %d loaded from disk", took.Seconds(), s.Compiled-before.Compiled, s.Loaded-before.Loaded)
	if n := s.Shared - before.Shared; n > 0 {
		text += fmt.Sprintf(", %d at hand", n)
	}
	p.pass(text)
	if err := record.Note(text); err != nil {
		return err
	}
	show := p.observe(t)
	if l.Begin != nil {
		l.Begin(r)
	}
	last := Interrupted{Run: r, Epoch: 1, Command: l.Next(r.Config.Stage, "--run", r.Dir)}
	options := fit.Options{}
	if b.GPU() {
		options.Ahead = ahead
	}
	options.Observe = func(e fit.Event) error {
		if err := r.Lost(); err != nil { // also checked before each checkpoint
			return err
		}
		switch e.Kind {
		case event.Begin:
			last.Epoch, last.Step = e.Epoch+1, e.Step
			if (e.Epoch > 0 || e.Step > 0) && e.Epoch < t.Epochs() {
				p.say("going on at epoch %d, step %d", e.Epoch+1, e.Step+1)
			}
		case event.EndOfStep:
			last.Epoch, last.Step = e.Epoch+1, e.Step+1
		}
		if err := observe(record, e); err != nil {
			return err
		}
		show(e)
		if l.Watch != nil {
			l.Watch(e)
		}
		return nil
	}
	err = fit.Run(ctx, t, checkpoints(r), options)
	p.done()
	if errors.Is(err, context.Canceled) {
		return last
	}
	return err
}

// conclude summarises the events of an ended run. The last checkpoint names the best epoch, counted
// from 0; -1 means none. conclude returns an error if the events lack that epoch.
func conclude(r *run.Run, best int) (run.Result, error) {
	result := run.Result{Ended: time.Now().UTC().Format(time.RFC3339), Memory: memory.Peak()}
	events, err := r.Events()
	if err != nil {
		return result, err
	}
	for _, e := range events {
		if e.Kind == event.EndOfStep || e.Kind == event.EndOfEpoch {
			result.Fitting += e.Seconds - result.Seconds
		}
		result.Seconds = e.Seconds
		if e.Kind != event.EndOfEpoch {
			continue
		}
		result.Epochs, result.Metrics = e.Epoch+1, e.Metrics
		if e.Epoch == best {
			result.BestEpoch, result.Best = e.Epoch+1, e.Metrics
		}
	}
	if result.BestEpoch != best+1 {
		return result, fmt.Errorf("%s has no epoch %d, which the last checkpoint says was the best: the file was changed; delete the run and make it again", r.Path("events.jsonl"), best+1)
	}
	return result, nil
}

// observe records the events of the loop.
func observe(l *run.Record, e fit.Event) error {
	switch e.Kind {
	case event.Begin:
		return l.Open(e.Epoch, e.Step)
	case event.Saving:
		return l.Sync()
	case event.Note:
		return l.Note(e.Text)
	}
	line := run.Event{Kind: e.Kind, Epoch: e.Epoch, Step: e.Step, Metrics: e.Metrics, Best: e.Best}
	if e.Details != nil {
		text, err := json.Marshal(e.Details)
		if err != nil {
			return err
		}
		line.Details = text
	}
	return l.Write(line)
}

// checkpoints returns the checkpoints of a run.
func checkpoints(r *run.Run) fit.Store { return fit.Store{Dir: r.Checkpoints()} }

// imagesOf describes the images of a run.
func imagesOf(set *data.Set) run.Data {
	im := set.Train
	return run.Data{
		Name: set.Name, Title: set.Title, Sample: set.Sample, Classes: set.Classes, Channels: im.Channels, Side: im.Height,
		Train: im.N, Test: set.Test.N, Mean: set.Mean, Std: set.Std, Checksums: set.Checksums,
		Own: set.Own, Unlabelled: set.Unlabelled, Background: backgroundOf(im),
	}
}

func backendOf(b *backend.Backend) run.Backend {
	return run.Backend{Kind: b.Kind, Plugin: b.Plugin, Version: b.PluginVersion}
}
