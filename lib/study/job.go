package study

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/whole"
	"github.com/essnas/essnas/lib/lab"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/stage"
	"github.com/essnas/essnas/lib/study/engine"
)

// Steps of a study, for each configuration and seed.
const (
	StepSearch = "search" // search cells, or draw them at random
	StepTrain  = "train"  // train the network of these cells on one data set, and test it
)

// Job is a part of a study that one process does in one go. As JSON it is a file in the study's
// directory jobs, which [Execute] executes: all else that decides its result stands in study.json.
type Job struct {
	Configuration string `json:"configuration"`     // name of one of Configurations()
	Seed          int    `json:"seed"`              // counted from 1
	Step          string `json:"step"`              // StepSearch or StepTrain
	Dataset       string `json:"dataset,omitempty"` // of a training
}

// Name is unique in a study, and the place of the job's run below the study's directory runs.
func (j Job) Name() string {
	step := j.Step
	if j.Step == StepTrain {
		step = j.Dataset
	}
	return fmt.Sprintf("%s/seed%d/%s", j.Configuration, j.Seed, step)
}

// After is the search whose cells a training trains; false for a search, which waits for nothing.
func (j Job) After() (search Job, ok bool) {
	return Job{Configuration: j.Configuration, Seed: j.Seed, Step: StepSearch}, j.Step == StepTrain
}

// draws says whether the job draws cells at random instead of searching them.
func (j Job) draws() bool { return j.Step == StepSearch && j.Configuration == Sampled }

// String describes the job in messages.
func (j Job) String() string {
	what := "search"
	if j.Step == StepTrain {
		what = "training on " + j.Dataset
	} else if j.draws() {
		what = "drawing cells"
	}
	return fmt.Sprintf("%s, seed %d: %s", j.Configuration, j.Seed, what)
}

// validate says in a sentence why a study can't execute the job.
func (j Job) validate(c Config) error {
	switch _, known := find(j.Configuration); {
	case !known:
		return fmt.Errorf("there is no configuration %q: use one of %v", j.Configuration, names(Configurations()))
	case j.Seed < 1:
		return fmt.Errorf("seed is %d: want 1 or more", j.Seed)
	case j.Step != StepSearch && j.Step != StepTrain:
		return fmt.Errorf("step is %q: want %s or %s", j.Step, StepSearch, StepTrain)
	case j.Step == StepTrain && !slices.Contains(c.datasets(), j.Dataset):
		return fmt.Errorf("dataset is %q: this study trains on %v", j.Dataset, c.datasets())
	}
	return nil
}

// jobs are all that is to be done for these configurations: seed by seed, so that the results at
// any time compare all of them.
func (s *Study) jobs(configurations []Configuration) (all []Job) {
	for seed := 1; seed <= s.Config.Seeds; seed++ {
		for _, c := range configurations {
			all = append(all, Job{Configuration: c.Name, Seed: seed, Step: StepSearch})
			for _, dataset := range s.Config.datasets() {
				all = append(all, Job{Configuration: c.Name, Seed: seed, Step: StepTrain, Dataset: dataset})
			}
		}
	}
	return
}

// queue is the jobs in the engine's form.
func queue(jobs []Job) (all []engine.Job) {
	for _, j := range jobs {
		e := engine.Job{Name: j.Name()}
		if search, ok := j.After(); ok {
			e.After = search.Name()
		}
		all = append(all, e)
	}
	return
}

// jobsDir is where the files of jobs are, in the study's directory.
const jobsDir = "jobs"

// WriteJob writes a job into a file of the study, whole or not at all, and returns its path. It
// returns an error if the file can't be written.
func (s *Study) WriteJob(j Job) (path string, err error) {
	path = s.Path(jobsDir, filepath.FromSlash(j.Name())+".json")
	if err := whole.MkdirAll(filepath.Dir(path)); err != nil {
		return "", err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return "", err
	}
	return path, whole.WriteBytes(path, append(text, '\n'))
}

// Prepare writes the study and a file for each job that is not done, for processes that [Execute]
// them. It returns the paths in an order in which they can be executed one after the other, and an
// error if the study can't be written or another process is at work in it.
func (s *Study) Prepare() (paths []string, err error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	for _, j := range s.jobs(s.only) {
		if done, err := s.done(j); err != nil {
			return nil, err
		} else if done {
			continue
		}
		path, err := s.WriteJob(j)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// Execute does the job in a file that [Study.WriteJob] has written, or finds it done. It needs
// nothing else of the study's process: the study's directory may have moved since, to another
// machine too. It returns an error if the file is not a job of a study, a stage.Interrupted if the
// context is cancelled (the same call goes on), and the error of a search or training that failed.
func Execute(ctx context.Context, l *lab.Lab, path string) error {
	s, j, err := openJob(path)
	if err != nil {
		return err
	}
	if done, err := s.done(j); err != nil || done {
		return err
	}
	copied := *l
	copied.NoPages, copied.TestImages = true, s.Config.TestImages
	if err := s.do(ctx, &copied, j); err != nil {
		return fmt.Errorf("%s: %w", j, err)
	}
	return nil
}

// openJob reads a job's file and the study that it lies in.
func openJob(path string) (s *Study, j Job, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, j, fmt.Errorf("the job's file can't be read: %w", err)
	}
	if err := json.Unmarshal(raw, &j); err != nil {
		return nil, j, fmt.Errorf("%s is not a job (%w): essnas study writes them into the directory %s of a study", path, err, jobsDir)
	}
	dir, err := filepath.Abs(path)
	if err != nil {
		return nil, j, err
	}
	for dir != filepath.Dir(dir) && filepath.Base(dir) != jobsDir {
		dir = filepath.Dir(dir)
	}
	if s, err = Open(filepath.Dir(dir)); err != nil {
		return nil, j, fmt.Errorf("%s does not lie in the directory %s of a study: %w", path, jobsDir, err)
	}
	if err := j.validate(s.Config); err != nil {
		return nil, j, fmt.Errorf("%s: %w", path, err)
	}
	return s, j, nil
}

// dir is the run directory of a job.
func (s *Study) dir(j Job) string { return s.Path("runs", filepath.FromSlash(j.Name())) }

// searchRun opens the search of a configuration with a seed; nil if it was not begun.
func (s *Study) searchRun(configuration Configuration, seed int) (*run.Run, error) {
	return s.openRun(Job{Configuration: configuration.Name, Seed: seed, Step: StepSearch})
}

// Run opens the training of the cells that a configuration found with a seed on one of the study's
// data sets; nil if it was not begun. It returns an error if the run can't be read.
func (s *Study) Run(configuration Configuration, seed int, dataset string) (*run.Run, error) {
	return s.openRun(Job{Configuration: configuration.Name, Seed: seed, Step: StepTrain, Dataset: dataset})
}

func (s *Study) openRun(j Job) (*run.Run, error) {
	if _, err := os.Stat(filepath.Join(s.dir(j), "config.json")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return run.Open(s.dir(j))
}

// drawn is where random search keeps the cells of a seed.
func (s *Study) drawn(j Job) string { return filepath.Join(s.dir(j), "genotype.json") }

// done says whether a job's result is there.
func (s *Study) done(j Job) (bool, error) {
	if j.draws() {
		_, err := os.Stat(s.drawn(j))
		return err == nil, nil
	}
	r, err := s.openRun(j)
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

// do does a job, or goes on with it.
func (s *Study) do(ctx context.Context, l *lab.Lab, j Job) error {
	if j.Step == StepSearch {
		return s.find(ctx, l, j)
	}
	choice, err := s.Config.trainChoice(j.Seed)
	if err != nil {
		return err
	}
	search, _ := j.After()
	source := s.dir(search)
	if search.draws() {
		source = s.drawn(search)
	}
	r, _, err := l.Train(ctx, stage.Train{Dataset: j.Dataset, Genotype: source, Choice: choice, Dir: s.dir(j)})
	if err != nil {
		return err
	}
	_, _, _, err = l.Test(ctx, r.Dir)
	return err
}

// find searches cells, or draws them.
func (s *Study) find(ctx context.Context, l *lab.Lab, j Job) error {
	if j.draws() {
		g := cell.Random(fit.Random(uint64(j.Seed), "random search", 0, 0))
		text, err := json.MarshalIndent(g, "", "  ")
		if err != nil {
			return err
		}
		return whole.WriteBytes(s.drawn(j), append(text, '\n'))
	}
	configuration, _ := find(j.Configuration) // it was validated
	choice, err := s.Config.searchChoice(configuration, j.Seed)
	if err != nil {
		return err
	}
	_, _, err = l.Search(ctx, stage.Search{Dataset: s.Config.Dataset, Choice: choice, Dir: s.dir(j)})
	return err
}
