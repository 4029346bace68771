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

// Stage is a step of an experiment. All that the rest of the program knows of it stands here.
type Stage struct {
	Name    string         // of its command, and in config.json of the runs that it makes
	Noun    string         // as people call it: a training
	Command func() Command // made anew for each command line
	// of a stage that makes runs of its own; nil: it adds to those of others
	Runs *Runs
	// its section in the page of a run that it may have added to; nil: none
	added func(w page) error
}

// All are the stages in the order in which an experiment takes them, or may. A new stage is a file
// and a line here.
func All() []Stage {
	return []Stage{searchStage(), pretrainStage(), trainStage(), testStage(), attackStage(), corruptStage(), calibrateStage(), probeStage(), finetuneStage(), predictStage(), exportStage(), picturesStage()}
}

// Command is what the command line shows of a stage, and does for it.
type Command struct {
	Use, Short, Long, Example string
	Files                     bool // takes names of files beside its flags
	Brief                     bool // needs the device for moments only
	Flags                     func(f *pflag.FlagSet)
	Do                        func(ctx context.Context, e *Env, f *pflag.FlagSet, files []string) (Answer, error)
}

// Answer is what a command came to: a value for --json, and text for people.
type Answer struct {
	Value any
	Text  func(w io.Writer) error
}

// Runs is what a stage knows of the runs that it makes.
type Runs struct {
	Fields func() []settings.Field // of their settings
	// images that are asked for, 0: all
	extent func(c run.Config) (images, epochs int, err error)
	// epochs below which numbers mean nothing
	enough   int
	compared string                                                   // what published results take
	report   func(w page, events []run.Event, h report.History) error // sections of the page
	overview func(h report.History) ([]figure.Figure, error)          // figures of where it stands
	// the part of its network that has features; nil: none
	body    func(r *run.Run) (body, error)
	remarks func(g cell.Genotype) []string // on its genotype; nil: none
}

// of is the stage that has made a run.
func of(r *run.Run) (Stage, error) {
	all := All()
	i := slices.IndexFunc(all, func(s Stage) bool { return s.Runs != nil && s.Name == r.Config.Stage })
	if i < 0 {
		return Stage{}, fmt.Errorf("%s was made by a stage %q that this version doesn't know: use the version that made it", r.Dir, r.Config.Stage)
	}
	return all[i], nil
}

// made says whether the stage has made the run.
func (s Stage) made(r *run.Run) bool { return r.Config.Stage == s.Name }

// openCells opens a run whose network is built from cells that its configuration holds. It returns
// an error for one that works says false of: why ends its sentence, and names a remedy.
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
		return nil, fmt.Errorf("%s has no genotype: delete the run, or mend the file", r.Path("config.json"))
	}
	return r, nil
}

// Remarks are what is wrong with the genotype of a run, in sentences without their full stop.
func Remarks(r *run.Run, g cell.Genotype) []string {
	s, err := of(r)
	if err != nil || s.Runs.remarks == nil {
		return nil
	}
	return s.Runs.remarks(g)
}

// Summarize sums a run up that has ended; ended says that an earlier command has made it.
func Summarize(r *run.Run, ended bool) (s run.Summary, err error) {
	s = run.Summary{Dir: r.Dir, Ended: ended, Report: r.Path("report.html")}
	if s.Genotype, err = r.Genotype(); err != nil {
		return
	}
	s.Warnings = Remarks(r, s.Genotype)
	s.Result, err = r.Result()
	return
}

// answer is that of a command which makes runs: their summary, and to people its head and what tell
// says.
func answer(r *run.Run, ended bool, tell func(w io.Writer, s run.Summary)) (Answer, error) {
	s, err := Summarize(r, ended)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Value: s, Text: func(w io.Writer) error {
		if s.Ended {
			fmt.Fprintf(w, "This run has ended already (%s); this is what it came to. Another seed makes another run: --seed N\n\n", s.Result.Ended)
		}
		if r.Config.Data.Sample {
			fmt.Fprintf(w, "On %s: good to try things out, and nothing else.\n\n", r.Config.Data.Title)
		}
		for _, text := range s.Warnings {
			fmt.Fprintf(w, "Warning: %s\n\n", text)
		}
		tell(w, s)
		return nil
	}}, nil
}
