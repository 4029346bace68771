package findings

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/score"
)

// Results are the results of a study so far: results.json.
type Results struct {
	Study      string       `json:"study"` // the directory's name
	Config     Config       `json:"config"`
	Trials     []Trial      `json:"trials"`
	Lines      []Line       `json:"lines"`
	Stages     []Comparison `json:"stages"` // every pair of groups, by accuracy
	Claims     []Claim      `json:"claims"`
	Predictive []Predictive `json:"predictive"` // search-time accuracy against final accuracy
}

// Trial is a configuration with a seed.
type Trial struct {
	Configuration Configuration `json:"configuration"`
	Seed          int           `json:"seed"`
	Genotype      cell.Genotype `json:"genotype"`
	// duration of the search over all its processes, without compiling; 0 for random search
	SearchSeconds float64 `json:"search_seconds"`
	// accuracy of the supernet on the architecture's half in the last epoch, 0..1; 0 for random search
	SearchAccuracy float64 `json:"search_accuracy"`
	Parameters     int     `json:"parameters"` // parameters of the trained network
	// parameters of the network of 20 cells and 36 channels, the slides' measure
	Standard int            `json:"standard"`
	Cells    [2]cell.Shape  `json:"cells"` // normal, reduction
	Tests    map[string]Got `json:"tests"` // results by data set, as far as they exist
}

// Got is the result of a trial's network on a data set.
type Got struct {
	Accuracy   float64        `json:"accuracy"` // top-1 on the test images, 0..1
	Range      score.Interval `json:"range"`    // 95 % interval of the sampling of the test images
	Images     int            `json:"images"`   // test images read
	Validation float64        `json:"validation"`
	Seconds    float64        `json:"seconds"` // duration of the training
}

// Results collects the present results. It returns an error if a run is damaged.
func (s *Directory) Results() (*Results, error) {
	r := &Results{Study: filepath.Base(s.Dir), Config: s.Config}
	if s.Count == nil {
		if err := s.recall(); err != nil {
			return nil, err
		}
	}
	for seed := 1; seed <= s.Config.MaxSeeds(); seed++ {
		for _, name := range s.Config.Configurations {
			c, ok := Find(name)
			if !ok {
				return nil, fmt.Errorf("%s names a configuration %q that this version does not know: use the version that wrote it", s.Path("study.json"), name)
			}
			if seed > s.Config.SeedsOf(c) {
				continue
			}
			t, found, err := s.trial(c, seed)
			if err != nil {
				return nil, err
			}
			if found {
				r.Trials = append(r.Trials, t)
			}
		}
	}
	slices.SortStableFunc(r.Trials, func(a, b Trial) int {
		return slices.Index(s.Config.Configurations, a.Configuration.Name) - slices.Index(s.Config.Configurations, b.Configuration.Name)
	})
	r.summarize()
	return r, nil
}

// recall reads the numbers of weights that results.json has.
func (s *Directory) recall() error {
	raw, err := os.ReadFile(s.Path("results.json"))
	if os.IsNotExist(err) {
		return nil
	}
	var earlier struct{ Trials []Trial }
	if err == nil {
		err = json.Unmarshal(raw, &earlier)
	}
	if err != nil {
		return fmt.Errorf("%s is damaged (%w): delete it, and repeat the command that made the study", s.Path("results.json"), err)
	}
	s.counted = map[string]map[int]int{}
	for _, t := range earlier.Trials {
		if s.counted[t.Configuration.Name] == nil {
			s.counted[t.Configuration.Name] = map[int]int{}
		}
		s.counted[t.Configuration.Name][t.Seed] = t.Standard
	}
	return nil
}

// trial reads a trial; found reports whether its cells exist.
func (s *Directory) trial(c Configuration, seed int) (t Trial, found bool, err error) {
	t = Trial{Configuration: c, Seed: seed, Tests: map[string]Got{}}
	if t.Genotype, found, err = s.cells(&t); err != nil || !found {
		return
	}
	t.Cells = [2]cell.Shape{cell.ShapeOf(t.Genotype.Normal, t.Genotype.NormalConcat), cell.ShapeOf(t.Genotype.Reduce, t.Genotype.ReduceConcat)}
	for i, dataset := range s.Config.Datasets() {
		r, err := s.Run(c, seed, dataset)
		if err != nil {
			return t, false, err
		}
		if r == nil {
			continue
		}
		result, err := r.Result()
		if err != nil {
			return t, false, err
		}
		test, err := r.Test()
		if err != nil {
			return t, false, err
		}
		if result == nil || test == nil {
			continue
		}
		t.Tests[dataset] = Got{test.Table.Top1, test.Table.Top1Range, test.Table.Images, result.Best["val_accuracy"], result.Fitting}
		if i > 0 {
			continue
		}
		t.Parameters = test.Weights
		if s.Count == nil {
			t.Standard = s.counted[c.Name][seed]
			continue
		}
		if t.Standard, err = s.Count(t.Genotype, r.Config.Data); err != nil {
			return t, false, err
		}
	}
	return t, true, nil
}

// cells reads the cells of a trial, and the numbers of their search into t.
func (s *Directory) cells(t *Trial) (g cell.Genotype, found bool, err error) {
	if t.Configuration.Method == "" {
		path := s.Drawn(Job{Configuration: t.Configuration.Name, Seed: t.Seed, Step: StepSearch})
		raw, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return g, false, nil
		}
		if err == nil {
			err = json.Unmarshal(raw, &g)
		}
		if err != nil {
			return g, false, fmt.Errorf("%s is damaged (%w): delete it, and repeat the command that made the study", path, err)
		}
		return g, true, nil
	}
	r, err := s.searchRun(t.Configuration, t.Seed)
	if err != nil || r == nil {
		return g, false, err
	}
	result, err := r.Result()
	if err != nil || result == nil {
		return g, false, err
	}
	t.SearchSeconds, t.SearchAccuracy = result.Fitting, result.Metrics["arch_accuracy"]
	g, err = r.Genotype()
	return g, err == nil, err
}
