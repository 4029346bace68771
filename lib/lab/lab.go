package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/memory"
)

// Lab is where experiments are made: what computes, where the data and the runs are, and who watches.
type Lab struct {
	Backend  backend.Choice // "" for $ESSNAS_BACKEND, or auto
	Data     string         // directory of the data sets; "" for $ESSNAS_DATA
	Runs     string         // directory in which runs are made; "" for Root()
	Progress io.Writer      // is told how far things are; nil: nobody
	Terminal bool           // Progress is a terminal
	Command  []string       // what was typed, for the record

	// For whoever makes many runs in a row, as package study does.
	Begin      func(r *Run)    // hears of a run that work begins in; nil: nobody
	Watch      func(fit.Event) // is told what the fitting of a run tells; nil: nobody
	NoPages    bool            // runs end without figures and report.html, which take a second each; Report makes them later
	TestImages int             // how many images of the test set Test reads, the first ones; 0: all
	Device     int             // of the backend's devices, that runs on one device take
	Memory     int64           // bytes that a run may take; 0: what there is

	Status func(text string) // is told how far things are, often, instead of a bar or lines in Progress; nil: those

	Warm *Warm // what is kept from run to run; nil: nothing
}

// New is a laboratory with the environment's choices, that tells os.Stderr how far things are.
func New() *Lab { return &Lab{Progress: os.Stderr, Command: os.Args} }

func (l *Lab) runs() string {
	if l.Runs != "" {
		return l.Runs
	}
	return Root()
}

// open opens the backend, for runs on so many devices; what it installs is told as it goes.
func (l *Lab) open(ctx context.Context, devices int) (*backend.Backend, error) {
	log := l.Progress
	if log == nil {
		log = io.Discard
	}
	b, err := backend.Open(ctx, backend.Options{Choice: l.Backend, Log: log, Devices: devices})
	if err != nil {
		return nil, err
	}
	return b.On(l.Device), nil
}

// Interrupted is the error of a stage that was stopped and can go on.
type Interrupted struct {
	Run         *Run
	Epoch, Step int    // where it stopped, counted from 1
	Command     string // what to type to go on
}

func (e Interrupted) Error() string {
	return fmt.Sprintf("stopped in epoch %d after step %d, and saved; go on with: %s", e.Epoch, e.Step, e.Command)
}

// Unwrap makes it a context.Canceled.
func (e Interrupted) Unwrap() error { return context.Canceled }

// task is a fit.Task as search and network make them.
type task interface {
	fit.Task
	preparer
	Save(s block.Saving) // before Prepare
	Close()
}

// work is a stage that fits a task in a run directory: it begins the run or goes on with it, or finds it ended.
type work struct {
	config Config
	memory demand
	dir    string // of --run; "" for the one that the config names
	task   func(b *backend.Backend) (task, error)
	begun  func(r *Run) error                     // after the directory is there
	ready  func(r *Run, b *backend.Backend) error // before the first epoch, or before going on
	end    func(r *Run, t task) error             // after the last epoch
}

// do makes the run and returns it, closed; ended says that there was nothing to do.
func (l *Lab) do(ctx context.Context, w work) (r *Run, ended bool, err error) {
	w.config.Command = l.Command
	r, err = begin(l.runs(), w.dir, w.config)
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	if result, err := r.Result(); err != nil || result != nil {
		return r, err == nil, err
	}
	begun := false
	defer func(r *Run) {
		if !begun {
			r.forget()
		}
	}(r)
	if w.begun != nil {
		if err := w.begun(r); err != nil {
			return nil, false, err
		}
	}
	b, err := l.open(ctx, w.memory.options.Devices)
	if err != nil {
		return nil, false, err
	}
	if err := r.computesOn(b); err != nil {
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
	t.Save(saving)
	if w.ready != nil {
		if err := w.ready(r, b); err != nil {
			return nil, false, err
		}
	}
	begun = true
	if err := l.fit(ctx, r, b, t); err != nil {
		return nil, false, err
	}
	if w.end != nil {
		if err := w.end(r, t); err != nil {
			return nil, false, err
		}
	}
	result, err := r.conclude()
	if err != nil {
		return nil, false, err
	}
	return r, false, r.Write("result.json", result)
}

// computesOn notes the backend, and refuses to go on with a run on another kind: its bits would differ.
func (r *Run) computesOn(b *backend.Backend) error {
	kind := r.Config.Backend.Kind
	if kind == "" {
		r.Config.Backend = backendConfig(b)
		r.Config.Versions = Versions()
		return r.Write("config.json", r.Config)
	}
	if kind != b.Kind {
		return fmt.Errorf("%s was begun on %s and this is %s: go on with --backend %s, or choose another directory", r.Dir, kind, b.Kind, kind)
	}
	return nil
}

// ahead is for how long a GPU is not asked how far it is: progress needs no more.
const ahead = time.Second / 2

// chooses notes what was raced: a run that goes on takes the same ways.
func (r *Run) chooses(choices map[string]string) error {
	if maps.Equal(choices, r.Config.Choices) {
		return nil
	}
	r.Config.Choices = choices
	return r.Write("config.json", r.Config)
}

func (l *Lab) fit(ctx context.Context, r *Run, b *backend.Backend, t task) error {
	p, record := l.progress(), r.record()
	defer record.close()
	p.say("%s in %s, on %s; %s", r.Config.Stage, r.Dir, b, r.Config.Memory)
	before := b.Stats()
	took, err := p.compile(t)
	if err != nil {
		return err
	}
	if err := r.chooses(b.Choices.All()); err != nil {
		return err
	}
	s := b.Stats()
	text := fmt.Sprintf("ready after %.1f s: %d programs compiled, %d loaded from disk", took.Seconds(), s.Compiled-before.Compiled, s.Loaded-before.Loaded)
	if n := s.Shared - before.Shared; n > 0 {
		text += fmt.Sprintf(", %d at hand", n)
	}
	p.pass(text)
	if err := record.note(text); err != nil {
		return err
	}
	show := p.observe(t)
	if l.Begin != nil {
		l.Begin(r)
	}
	last := Interrupted{Run: r, Epoch: 1, Command: command(r.Config.Stage, "--run", r.Dir)}
	options := fit.Options{}
	if b.GPU() {
		options.Ahead = ahead
	}
	options.Observe = func(e fit.Event) error {
		switch e.Kind {
		case fit.Begin:
			last.Epoch, last.Step = e.Epoch+1, e.Step
			if (e.Epoch > 0 || e.Step > 0) && e.Epoch < t.Epochs() {
				p.say("going on at epoch %d, step %d", e.Epoch+1, e.Step+1)
			}
		case fit.EndOfStep:
			last.Epoch, last.Step = e.Epoch+1, e.Step+1
		}
		if err := record.observe(e); err != nil {
			return err
		}
		show(e)
		if l.Watch != nil {
			l.Watch(e)
		}
		return nil
	}
	err = fit.Run(ctx, t, r.Store(), options)
	p.done()
	if errors.Is(err, context.Canceled) {
		return last
	}
	return err
}

// conclude sums the events up.
func (r *Run) conclude() (Result, error) {
	result := Result{Ended: time.Now().UTC().Format(time.RFC3339), Memory: memory.Peak()}
	events, err := r.Events()
	if err != nil {
		return result, err
	}
	for _, e := range events {
		if e.Kind == fit.EndOfStep || e.Kind == fit.EndOfEpoch {
			result.Fitting += e.Seconds - result.Seconds
		}
		result.Seconds = e.Seconds
		if e.Kind != fit.EndOfEpoch {
			continue
		}
		result.Epochs, result.Metrics = e.Epoch+1, e.Metrics
		if e.Best {
			result.BestEpoch, result.Best = e.Epoch+1, e.Metrics
		}
	}
	return result, nil
}

// resumable is the configuration of the run in dir, if there is one of that stage: whoever names it needs to give no settings.
func resumable(dir, stage string) (*Config, error) {
	if dir == "" {
		return nil, nil
	}
	if _, err := os.Stat(filepath.Join(dir, "config.json")); err != nil {
		return nil, nil
	}
	r, err := OpenRun(dir)
	if err != nil {
		return nil, err
	}
	if r.Config.Stage != stage {
		return nil, fmt.Errorf("%s holds a run of essnas %s, not of essnas %s: choose another directory", dir, r.Config.Stage, stage)
	}
	return &r.Config, nil
}

// load loads the data set that a run was made with.
func (l *Lab) load(c DataConfig) (set *data.Set, err error) {
	name := c.Name
	if c.Sample {
		name = "sample"
	}
	set, err = l.Dataset(name)
	if err == nil && set.Sample != c.Sample {
		set, err = data.Load(name, l.Data) // which says where the files were looked for
	}
	if err != nil {
		return nil, err
	}
	for name, sum := range c.Checksums {
		if set.Checksums[name] != sum {
			return nil, fmt.Errorf("%s is not the file that this run was made with (its checksum differs): name the directory with the right one by --data", name)
		}
	}
	return set, nil
}

// settingsOf reads the settings of a run.
func settingsOf[S settings.Settings](c Config) (s S, err error) {
	if err = json.Unmarshal(c.Settings, &s); err != nil {
		err = fmt.Errorf("the run's config.json has settings that can't be read: %w", err)
	}
	return
}

func encode(s any) json.RawMessage {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // structs of numbers can't fail
	}
	return text
}
