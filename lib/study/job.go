package study

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/whole"
	"github.com/essnas/essnas/lib/lab"
)

// job is a part of a study that one device does in one go: a search, or a training with its test.
type job struct {
	configuration Configuration
	seed          int
	dataset       string // of a training; "" for a search
	search        int    // of a training: the job that finds its cells; -1: this is a search
}

// String names the job in messages.
func (j job) String() string {
	what := "search"
	if j.dataset != "" {
		what = "training on " + j.dataset
	} else if j.configuration.Method == "" {
		what = "drawing cells"
	}
	return fmt.Sprintf("%s, seed %d: %s", j.configuration.Name, j.seed, what)
}

// jobs are all that is to be done for these configurations: seed by seed, so that what there is at any time compares all of them.
func (s *Study) jobs(configurations []Configuration) (all []job) {
	for seed := 1; seed <= s.Config.Seeds; seed++ {
		for _, c := range configurations {
			search := len(all)
			all = append(all, job{configuration: c, seed: seed, search: -1})
			for _, dataset := range s.Config.datasets() {
				all = append(all, job{configuration: c, seed: seed, dataset: dataset, search: search})
			}
		}
	}
	return
}

// dir is the run directory of a job.
func (s *Study) dir(j job) string {
	name := j.dataset
	if name == "" {
		name = "search"
	}
	return s.Path("runs", j.configuration.Name, fmt.Sprintf("seed%d", j.seed), name)
}

// searchRun opens the search of a configuration with a seed; nil if it was not begun.
func (s *Study) searchRun(configuration Configuration, seed int) (*lab.Run, error) {
	return s.openRun(job{configuration: configuration, seed: seed})
}

// Run opens the training of the cells that a configuration found with a seed on one of the study's data sets; nil if it was not begun.
func (s *Study) Run(configuration Configuration, seed int, dataset string) (*lab.Run, error) {
	return s.openRun(job{configuration: configuration, seed: seed, dataset: dataset})
}

func (s *Study) openRun(j job) (*lab.Run, error) {
	if _, err := os.Stat(filepath.Join(s.dir(j), "config.json")); err != nil {
		return nil, nil
	}
	return lab.OpenRun(s.dir(j))
}

// drawn is where random search keeps the cells of a seed.
func (s *Study) drawn(j job) string { return filepath.Join(s.dir(j), "genotype.json") }

// done says whether a job's result is there.
func (s *Study) done(j job) (bool, error) {
	if j.dataset == "" && j.configuration.Method == "" {
		_, err := os.Stat(s.drawn(j))
		return err == nil, nil
	}
	r, err := s.openRun(j)
	if err != nil || r == nil {
		return false, err
	}
	result, err := r.Result()
	if err != nil || result == nil || j.dataset == "" {
		return result != nil, err
	}
	test, err := r.Test()
	return test != nil, err
}

// do does a job, or goes on with it.
func (s *Study) do(ctx context.Context, l *lab.Lab, j job) error {
	if j.dataset == "" {
		return s.find(ctx, l, j)
	}
	choice, err := s.Config.trainChoice(j.seed)
	if err != nil {
		return err
	}
	source := s.dir(job{configuration: j.configuration, seed: j.seed})
	if j.configuration.Method == "" {
		source = filepath.Join(source, "genotype.json")
	}
	r, _, err := l.Train(ctx, lab.TrainStage{Dataset: j.dataset, Genotype: source, Choice: choice, Dir: s.dir(j)})
	if err != nil {
		return err
	}
	_, _, _, err = l.Test(ctx, r.Dir)
	return err
}

// find searches cells, or draws them.
func (s *Study) find(ctx context.Context, l *lab.Lab, j job) error {
	if j.configuration.Method == "" {
		g := cell.Random(fit.Random(uint64(j.seed), "random search", 0, 0))
		text, err := json.MarshalIndent(g, "", "  ")
		if err != nil {
			return err
		}
		return whole.WriteBytes(s.drawn(j), append(text, '\n'))
	}
	choice, err := s.Config.searchChoice(j.configuration, j.seed)
	if err != nil {
		return err
	}
	_, _, err = l.Search(ctx, lab.SearchStage{Dataset: s.Config.Dataset, Choice: choice, Dir: s.dir(j)})
	return err
}
