package findings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/essnas/essnas/lib/run"
)

// Kinds of jobs. Each configuration and seed has one search and a training for each data set.
const (
	StepSearch = "search" // search cells, or draw them at random
	StepTrain  = "train"  // train the network of these cells on one data set, and test it
)

// Job is a part of a study that one process executes. study.Execute executes a job from a JSON file
// in the study's directory jobs. Everything else that determines its result is in study.json.
type Job struct {
	Configuration string `json:"configuration"`     // name of one of Configurations()
	Seed          int    `json:"seed"`              // counted from 1
	Step          string `json:"step"`              // StepSearch or StepTrain
	Dataset       string `json:"dataset,omitempty"` // data set of a training
}

// Name returns the job's unique name in the study, which is also the path of its run below the
// study's directory runs.
func (j Job) Name() string {
	step := j.Step
	if j.Step == StepTrain {
		step = j.Dataset
	}
	return fmt.Sprintf("%s/seed%d/%s", j.Configuration, j.Seed, step)
}

// After returns the search whose cells a training trains; ok is false for a search, which waits for
// nothing.
func (j Job) After() (search Job, ok bool) {
	return Job{Configuration: j.Configuration, Seed: j.Seed, Step: StepSearch}, j.Step == StepTrain
}

// Draws reports whether the job draws cells at random instead of searching them.
func (j Job) Draws() bool { return j.Step == StepSearch && j.Configuration == Sampled }

// String describes the job in messages.
func (j Job) String() string {
	what := "search"
	if j.Step == StepTrain {
		what = "training on " + j.Dataset
	} else if j.Draws() {
		what = "drawing cells"
	}
	return fmt.Sprintf("%s, seed %d: %s", j.Configuration, j.Seed, what)
}

// Validate returns an error with the reason if the study can't execute the job.
func (j Job) Validate(c Config) error {
	switch _, known := Find(j.Configuration); {
	case !known:
		return fmt.Errorf("there is no configuration %q: use one of %v", j.Configuration, Names(Configurations()))
	case j.Seed < 1:
		return fmt.Errorf("seed is %d: want 1 or more", j.Seed)
	case j.Step != StepSearch && j.Step != StepTrain:
		return fmt.Errorf("step is %q: want %s or %s", j.Step, StepSearch, StepTrain)
	case j.Step == StepTrain && !slices.Contains(c.Datasets(), j.Dataset):
		return fmt.Errorf("dataset is %q: this study trains on %v", j.Dataset, c.Datasets())
	}
	return nil
}

// JobDir returns the run directory of a job.
func (s *Directory) JobDir(j Job) string { return s.Path("runs", filepath.FromSlash(j.Name())) }

// searchRun opens the search of a configuration with a seed, or returns nil if it has not begun.
func (s *Directory) searchRun(configuration Configuration, seed int) (*run.Run, error) {
	return s.JobRun(Job{Configuration: configuration.Name, Seed: seed, Step: StepSearch})
}

// Run opens the training of a configuration's cells with a seed on one of the study's data sets, or
// returns nil if it has not begun. It returns an error if the run can't be read.
func (s *Directory) Run(configuration Configuration, seed int, dataset string) (*run.Run, error) {
	return s.JobRun(Job{Configuration: configuration.Name, Seed: seed, Step: StepTrain, Dataset: dataset})
}

// JobRun opens the run of a job, or returns nil if it has not begun. It returns an error if the run
// can't be read.
func (s *Directory) JobRun(j Job) (*run.Run, error) {
	if _, err := os.Stat(filepath.Join(s.JobDir(j), "config.json")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return run.Open(s.JobDir(j))
}

// Drawn returns the file of the cells that random search has drawn for a seed.
func (s *Directory) Drawn(j Job) string { return filepath.Join(s.JobDir(j), "genotype.json") }

// Done reports whether a job's result exists. It returns an error if the run can't be read.
func (s *Directory) Done(j Job) (bool, error) {
	if j.Draws() {
		_, err := os.Stat(s.Drawn(j))
		return err == nil, nil
	}
	r, err := s.JobRun(j)
	if err != nil || r == nil {
		return false, err
	}
	result, err := r.Result()
	if err != nil || result == nil || j.Step == StepSearch {
		return result != nil, err
	}
	test, err := r.Test()
	return test != nil, err
}
