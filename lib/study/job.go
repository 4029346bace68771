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

// jobs lists the jobs of these configurations seed by seed, so that partial results compare all
// configurations.
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

// queue returns the jobs as jobs of an engine.
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

// WriteJob writes a job into a file of the study, completely or not at all, and returns its path.
// It returns an error if the file can't be written.
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

// Prepare writes the study and a file for each unfinished job, for processes that [Execute] them.
// It returns the paths in an order in which one process can execute them. It returns an error if
// the study can't be written or another process works in it.
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

// Execute executes the job in a file that [Study.WriteJob] has written, or returns at once if the
// job is finished. The study's directory may have moved since, even to another machine. If another
// process works on the job's run, Execute waits for its end and continues. It returns an error if
// the file is no job of a study, if another job of the study ran on another kind of backend, as on a
// cluster of which only some nodes have a GPU, and the error of a search or training that failed. If
// the context is cancelled it returns a stage.Interrupted, and the same call continues the job.
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
	s.pipeline = &copied
	if !j.Draws() { // drawing cells needs no backend
		b, err := s.openBackend(ctx)
		if err == nil {
			err = s.ClaimBackend(ctx, b.Kind)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", j, err)
		}
	}
	for {
		err := s.do(ctx, &copied, j)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, run.ErrBusy):
			return fmt.Errorf("%s: %w", j, err)
		}
		// A scheduler that has lost contact to a node restarts the job elsewhere while it still runs
		// on that node.
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", j, errors.Join(ctx.Err(), err))
		case <-time.After(busy):
		}
	}
}

// busy is the interval at which Execute tries again to take a run in which another process works.
const busy = 2 * time.Second

// openJob reads a job's file and opens its study.
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

// find searches the cells of a job, or draws them at random.
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
