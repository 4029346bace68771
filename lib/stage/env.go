package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// Env is where experiments are made: what computes, where the data and the runs are, and who watches.
type Env struct {
	Backend  backend.Choice // "" for $ESSNAS_BACKEND, or auto
	Data     string         // directory of the data sets; "" for $ESSNAS_DATA
	Runs     string         // directory in which runs are made; "" for run.Root()
	Progress io.Writer      // is told how far things are; nil: nobody
	Terminal bool           // Progress is a terminal
	Command  []string       // what was typed, for the record

	// For whoever makes many runs in a row, as package study does.
	Begin      func(r *run.Run) // hears of a run that work begins in; nil: nobody
	Watch      func(fit.Event)  // is told what the fitting of a run tells; nil: nobody
	NoPages    bool             // runs end without figures and report.html, which take a second each; Report makes them later
	TestImages int              // how many images of the test set Test reads, the first ones; 0: all
	Device     int              // of the backend's devices, that runs on one device take
	Memory     int64            // bytes that a run may take; 0: what there is

	Status func(text string) // is told how far things are, often, instead of a bar or lines in Progress; nil: those

	Warm *Warm // what is kept from run to run; nil: nothing
}

// NewEnv is one with the environment's choices, that tells os.Stderr how far things are.
func NewEnv() *Env { return &Env{Progress: os.Stderr, Command: os.Args} }

func (l *Env) runs() string {
	if l.Runs != "" {
		return l.Runs
	}
	return run.Root()
}

// open opens the backend, for runs on so many devices; what it installs is told as it goes.
func (l *Env) open(ctx context.Context, devices int) (*backend.Backend, error) {
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

// resumable is the configuration of the run in dir, if there is one of that stage: whoever names it needs to give no settings.
func resumable(dir string, s Stage) (*run.Config, error) {
	if dir == "" {
		return nil, nil
	}
	if _, err := os.Stat(filepath.Join(dir, "config.json")); err != nil {
		return nil, nil
	}
	r, err := run.Open(dir)
	if err != nil {
		return nil, err
	}
	if !s.made(r) {
		return nil, fmt.Errorf("%s holds a run of essnas %s, not of essnas %s: choose another directory", dir, r.Config.Stage, s.Name)
	}
	return &r.Config, nil
}

// load loads the data set that a run was made with.
func (l *Env) load(c run.Data) (set *data.Set, err error) {
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
func settingsOf[S settings.Settings](c run.Config) (s S, err error) {
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

// Again is what to type to repeat the command that the environment was made for.
func (l *Env) Again() string {
	return run.Command(slices.Clone(l.Command[min(1, len(l.Command)):])...)
}
