package study

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/pipeline"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/stage"
	"github.com/essnas/essnas/lib/study/engine"
	"github.com/essnas/essnas/lib/study/findings"
)

// jobs lists the jobs of these configurations seed by seed, so that the results at any time compare
// all of them.
func (s *Study) jobs(configurations []findings.Configuration) (all []findings.Job) {
	most := 0
	for _, c := range configurations {
		most = max(most, s.Config.SeedsOf(c))
	}
	for seed := 1; seed <= most; seed++ {
		for _, c := range configurations {
			if seed > s.Config.SeedsOf(c) {
				continue
			}
			all = append(all, findings.Job{Configuration: c.Name, Seed: seed, Step: findings.StepSearch})
			for _, dataset := range s.Config.Datasets() {
				all = append(all, findings.Job{Configuration: c.Name, Seed: seed, Step: findings.StepTrain, Dataset: dataset})
			}
		}
	}
	return
}

// queue returns the jobs in the engine's form.
func queue(jobs []findings.Job) (all []engine.Job) {
	for _, j := range jobs {
		e := engine.Job{Name: j.Name()}
		if search, ok := j.After(); ok {
			e.After = search.Name()
		}
		all = append(all, e)
	}
	return
}

// jobsDir is the directory of job files in the study's directory.
const jobsDir = "jobs"

// WriteJob writes a job into a file of the study, whole or not at all, and returns its path. It
// returns an error if the file can't be written.
func (s *Study) WriteJob(j findings.Job) (path string, err error) {
	path = s.Path(jobsDir, filepath.FromSlash(j.Name())+".json")
	if err := atomicfile.MkdirAll(filepath.Dir(path)); err != nil {
		return "", err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return "", err
	}
	return path, atomicfile.WriteBytes(path, append(text, '\n'))
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
		if done, err := s.Done(j); err != nil {
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
// machine too. Where another process works on the job's run, Execute waits for its end and goes on.
// It returns an error if the file is not a job of a study, a stage.Interrupted if the
// context is cancelled (the same call goes on), and the error of a search or training that failed.
func Execute(ctx context.Context, l *pipeline.Pipeline, path string) error {
	s, j, err := openJob(path)
	if err != nil {
		return err
	}
	if done, err := s.Done(j); err != nil || done {
		return err
	}
	copied := *l
	copied.NoPages, copied.TestImages = true, s.Config.TestImages
	for {
		err := s.do(ctx, &copied, j)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, run.ErrBusy):
			return fmt.Errorf("%s: %w", j, err)
		}
		// A scheduler that has lost sight of a node starts the job elsewhere while it still runs
		// there.
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", j, errors.Join(ctx.Err(), err))
		case <-time.After(busy):
		}
	}
}

// busy is the time between two looks at a run in which another process works.
const busy = 2 * time.Second

// openJob reads a job's file and the study that it lies in.
func openJob(path string) (s *Study, j findings.Job, err error) {
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
	if err := j.Validate(s.Config); err != nil {
		return nil, j, fmt.Errorf("%s: %w", path, err)
	}
	return s, j, nil
}

// do executes a job, or continues it.
func (s *Study) do(ctx context.Context, l *pipeline.Pipeline, j findings.Job) error {
	if j.Step == findings.StepSearch {
		return s.find(ctx, l, j)
	}
	choice, err := trainChoice(s.Config, j.Seed)
	if err != nil {
		return err
	}
	search, _ := j.After()
	source := s.JobDir(search)
	if search.Draws() {
		source = s.Drawn(search)
	}
	r, _, err := l.Train(ctx, stage.Train{Dataset: j.Dataset, Genotype: source, Choice: choice, Dir: s.JobDir(j)})
	if err != nil {
		return err
	}
	_, _, _, err = l.Test(ctx, r.Dir)
	return err
}

// find searches cells, or draws them.
func (s *Study) find(ctx context.Context, l *pipeline.Pipeline, j findings.Job) error {
	if j.Draws() {
		g := cell.Random(fit.Random(uint64(j.Seed), "random search", 0, 0))
		text, err := json.MarshalIndent(g, "", "  ")
		if err != nil {
			return err
		}
		return atomicfile.WriteBytes(s.Drawn(j), append(text, '\n'))
	}
	configuration, _ := findings.Find(j.Configuration) // the name is validated
	choice, err := searchChoice(s.Config, configuration, j.Seed)
	if err != nil {
		return err
	}
	_, _, err = l.Search(ctx, stage.Search{Dataset: s.Config.Dataset, Choice: choice, Dir: s.JobDir(j)})
	return err
}
