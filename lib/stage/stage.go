package stage

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/report"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/spf13/pflag"
)

// Stage is a pipeline stage. The rest of the program uses a stage only through this value.
type Stage struct {
	Name    string         // name of the command, and "stage" in config.json of the stage's runs
	Noun    string         // noun for its runs or results: a training
	Command func() Command // makes a new command for each command line
	// Runs describes the runs that the stage makes; nil: the stage adds to the runs of others.
	Runs *Runs
	// added writes the stage's section on the page of a run of another stage; nil: none.
	added func(w page) error
}

// All returns the stages in the order of an experiment. A new stage is a new file and an entry
// here.
func All() []Stage {
	return []Stage{searchStage(), pretrainStage(), trainStage(), testStage(), attackStage(), corruptStage(), calibrateStage(), probeStage(), finetuneStage(), predictStage(), exportStage(), picturesStage()}
}

// Command is the command of a stage: its texts, its flags and its work.
type Command struct {
	Use, Short, Long, Example string
	Files                     bool // the command takes file names as arguments
	Brief                     bool // the command needs the device for moments only
	Flags                     func(f *pflag.FlagSet)
	Do                        func(ctx context.Context, e *Env, f *pflag.FlagSet, files []string) (Answer, error)
}

// Answer is the result of a command: a value for --json, and text for people.
type Answer struct {
	Value any
	Text  func(w io.Writer) error
}

// Runs describes the runs that a stage makes.
type Runs struct {
	Fields func() []settings.Field // the fields of the runs' settings
	// extent returns the requested numbers of images (0: all) and epochs of a run.
	extent func(c run.Config) (images, epochs int, err error)
	// enough is the number of epochs below which the page warns that the numbers mean nothing.
	enough   int
	compared string                                                   // the extent of published results
	report   func(w page, events []run.Event, h report.History) error // writes the sections of the page
	overview func(h report.History) ([]figure.Figure, error)          // draws the present state
	// body returns the part of a run's network with the features; nil: none.
	body func(r *run.Run) (body, error)
	// remarks returns warnings about a run's genotype; nil: none.
	remarks func(g cell.Genotype) []string
}

// of returns the stage that has made a run. It returns an error if this version has no such stage.
func of(r *run.Run) (Stage, error) {
	all := All()
	i := slices.IndexFunc(all, func(s Stage) bool { return s.Runs != nil && s.Name == r.Config.Stage })
	if i < 0 {
		return Stage{}, fmt.Errorf("%s was made by essnas %s, which this version doesn't know: use the version that made it", r.Dir, r.Config.Stage)
	}
	return all[i], nil
}

// made reports whether the stage has made the run.
func (s Stage) made(r *run.Run) bool { return r.Config.Stage == s.Name }

// openCells opens a run whose configuration holds the cells of its network. It returns an error for
// runs that works rejects: "DIR is a search, which has no network WHY: train its cell first, with:
// essnas REMEDY". whose names the expected kind of run.
func openCells(dir, whose string, works func(*run.Run) bool, why, remedy string) (*run.Run, error) {
	if dir == "" {
		return nil, fmt.Errorf("which run? Give --run with the directory of %s", whose)
	}
	r, err := run.Open(dir)
	switch {
	case err != nil:
		return nil, err
	case !works(r):
		return nil, run.Advise(fmt.Sprintf("%s is a %s, which has no network %s: train its cell first, with: ", dir, r.Config.Stage, why), append([]string{remedy, "--genotype", dir}, datasetArgs(r.Config.Data)...)...)
	case r.Config.Genotype == nil:
		return nil, fmt.Errorf("%s has no genotype: delete the run, or repair the file", r.Path("config.json"))
	}
	return r, nil
}

// Remarks returns warnings about the genotype of a run, as sentences without their full stop.
func Remarks(r *run.Run, g cell.Genotype) []string {
	s, err := of(r)
	if err != nil || s.Runs.remarks == nil {
		return nil
	}
	return s.Runs.remarks(g)
}

// Summarize returns the summary of an ended run; ended states that an earlier command has made it.
// It returns an error if a file of the run is damaged.
func Summarize(r *run.Run, ended bool) (s run.Summary, err error) {
	s = run.Summary{Dir: r.Dir, Ended: ended, Report: r.Path("report.html")}
	if s.Genotype, err = r.Genotype(); err != nil {
		return
	}
	s.Warnings = Remarks(r, s.Genotype)
	s.Result, err = r.Result()
	return
}

// answer returns the answer of a command that makes runs. Its value is the summary of the run. Its
// text has a heading, and tell writes the rest.
func answer(r *run.Run, ended bool, tell func(w io.Writer, s run.Summary)) (Answer, error) {
	s, err := Summarize(r, ended)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Value: s, Text: func(w io.Writer) error {
		if s.Ended {
			fmt.Fprintf(w, "This run has ended already (%s). Its result follows; another seed makes another run: --seed N\n\n", s.Result.Ended)
		}
		if r.Config.Data.Sample {
			fmt.Fprintf(w, "On %s: for trying things out, not for results.\n\n", r.Config.Data.Title)
		}
		for _, text := range s.Warnings {
			fmt.Fprintf(w, "Warning: %s\n\n", text)
		}
		tell(w, s)
		return nil
	}}, nil
}
