package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/spf13/pflag"
)

// Env is the environment of experiments: the backend, the directories of data and runs, and the
// observers.
type Env struct {
	Backend  backend.Choice // "" for $ESSNAS_BACKEND, or auto
	Data     string         // directory of the data sets; "" for $ESSNAS_DATA
	Runs     string         // directory in which runs are made; "" for run.Root()
	Progress io.Writer      // receives progress messages; nil: none, and os.Stderr gets warnings
	Terminal bool           // Progress is a terminal
	Command  []string       // command line, for the record

	// The next five are for callers that make many runs, such as package study.
	Begin func(r *run.Run) // is called when the work in a run begins; nil: not called
	Watch func(fit.Event)  // receives the events of a run; nil: not called
	// NoPages skips the figures and report.html at the end of runs, which take a second for each
	// run. Report makes them later.
	NoPages    bool
	TestImages int // number of test images that Test reads, from the first on; 0: all
	Device     int // device of the backend for runs on one device

	Memory int64 // limit of a run in bytes; 0: the available memory

	// Status receives the frequent status in place of the bar or the lines in Progress; nil: Progress
	// shows it.
	Status func(text string)

	Warm *Warm // data sets and networks kept from run to run; nil: nothing is kept

	// Turn waits until the device is free for a run and returns the function that frees it; nil: the
	// device is free. Only a run with work to do waits: a finished run and wrong settings are answered
	// at once.
	Turn func(ctx context.Context) (leave func(), err error)
}

// NewEnv returns an environment that follows the process's environment variables and reports
// progress to os.Stderr.
func NewEnv() *Env { return &Env{Progress: os.Stderr, Command: os.Args} }

func (l *Env) runs() string {
	if l.Runs != "" {
		return l.Runs
	}
	return run.Root()
}

// open opens the backend for runs on this many devices. It tells the user of an installation.
func (l *Env) open(ctx context.Context, devices int) (*backend.Backend, error) {
	o := backend.Options{Choice: l.Backend, Log: l.Progress, Devices: devices}
	if o.Log == nil { // no progress is wanted, but a slow device is no progress
		o.Log, o.Warnings = io.Discard, os.Stderr
	}
	b, err := backend.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return b.On(l.Device), nil
}

// load loads the data set of a run.
func (l *Env) load(c run.Data) (set *data.Set, err error) {
	name := c.Name
	if c.Sample {
		name = "sample"
	}
	if c.Own != "" {
		return l.loadOwn(c)
	}
	set, err = l.Dataset(name)
	if err != nil {
		return nil, err
	}
	if im := set.Train; im.Height != c.Side || im.Channels != c.Channels || len(set.Classes) != len(c.Classes) {
		return nil, fmt.Errorf("the images of %s have %d x %d pixels, %d channels and %d classes, but config.json of this run says %d x %d, %d and %d: put the file back from a copy, or begin another run",
			set.Title, im.Height, im.Width, im.Channels, len(set.Classes), c.Side, c.Side, c.Channels, len(c.Classes))
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
	s, err = settings.Read[S](c.Settings)
	if err != nil {
		err = fmt.Errorf("the run's config.json has settings that can't be read: %w", err)
	}
	return s, err
}

// validSettingsOf reads the settings of a run and validates them, before its network is built.
func validSettingsOf[S settings.Settings](c run.Config) (s S, err error) {
	if s, err = settingsOf[S](c); err != nil {
		return s, err
	}
	if err := s.Validate(); err != nil {
		return s, fmt.Errorf("the run's config.json has settings that can't be used (%w): put the file back from a copy, or delete the run", err)
	}
	return s, nil
}

func encode(s any) json.RawMessage {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // structs of numbers can't fail
	}
	return text
}

// Again returns the command line that repeats the command of this environment.
func (l *Env) Again() string {
	return run.Command(l.Command[min(1, len(l.Command)):]...)
}

// Next returns a command line with these arguments for the user to type next. It adds the flags of
// the backend and of the directories of data and runs that this environment's command line had.
func (l *Env) Next(args ...string) string {
	args = slices.Clone(args)
	if l.Backend != "" {
		args = append(args, "--backend", string(l.Backend))
	}
	if l.Data != "" {
		args = append(args, "--data", l.Data)
	}
	if l.Runs != "" {
		args = append(args, "--runs", l.Runs)
	}
	return run.Command(args...)
}

// datasetArgs returns the flag that names a run's images, or nothing if they are the default.
func datasetArgs(d run.Data) []string {
	switch {
	case d.Own != "" && d.Name != "" && d.Title == d.Name: // the name is from essnas data add
		return []string{"--dataset", d.Name}
	case d.Own != "":
		return []string{"--dataset", d.Own}
	case d.Sample:
		return nil
	}
	return []string{"--dataset", d.Name}
}

// typed returns those of the named flags that the user has typed, with their values.
func typed(f *pflag.FlagSet, names ...string) (args []string) {
	for _, name := range names {
		if f.Changed(name) {
			args = append(args, "--"+name, f.Lookup(name).Value.String())
		}
	}
	return
}
