package findings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// Directory is that of a study.
//
//	study.json                       Config
//	runs/CONFIGURATION/seedS/search  a run of the pipeline; of random search genotype.json
//	runs/CONFIGURATION/seedS/DATA    a run of the pipeline: the training on that data set, and its test
//	results.csv                      a line for each configuration and seed
//	results.json                     the same, and what follows from it: Results
//	figures/                         pictures
//	report.html                      all of this to look at
//	lock                             held by the process that works in the directory
type Directory struct {
	Dir    string
	Config Config
	// of the network of 20 cells and 36 channels; nil: it stands in results.json, or is not known
	Count   func(g cell.Genotype, d run.Data) (weights int, err error)
	counted map[string]map[int]int // those of results.json, by configuration and seed
}

// Quick is the preset whose numbers mean nothing.
const Quick = "quick"

// Config is study.json: all that decides a study's result, and where and how it was made.
type Config struct {
	Name   string `json:"name"`   // study-cifar10-quick
	Hash   string `json:"hash"`   // of settings and data
	Preset string `json:"preset"` // one of PresetNames
	// that cells are searched on: a name for data.Open
	Dataset string `json:"dataset"`
	// that found cells are trained on, too
	Transfers []string `json:"transfers"`
	// that were asked for so far
	Configurations []string `json:"configurations"`
	Seeds          int      `json:"seeds"` // 1 ... Seeds
	// how many random cells are drawn if these are more than Seeds; 0: as many as Seeds
	RandomCells   int               `json:"random_cells,omitempty"`
	SearchChanges map[string]string `json:"search_changes"` // of the preset's settings
	TrainChanges  map[string]string `json:"train_changes"`
	// of the first seed, by configuration
	Search map[string]settings.Search `json:"search"`
	Train  settings.Train             `json:"train"` // of the first seed
	// how many of each test set were read; 0: all
	TestImages int `json:"test_images"`
	// checksums of the files, by data set
	Data map[string]map[string]string `json:"data"`
	// what is not as one may expect
	Remarks []string `json:"remarks"`
	// kind of what computes; "" before the first run
	Backend  string            `json:"backend"`
	Versions map[string]string `json:"versions"`
	Command  []string          `json:"command"` // the last one
	Started  string            `json:"started"` // RFC 3339
}

// small says whether the study is too small to mean anything.
func (c Config) small() bool {
	return c.Preset == Quick || c.Dataset == "sample" || len(c.SearchChanges)+len(c.TrainChanges) > 0
}

// Open opens a study to read, and returns an error for what is none.
func Open(dir string) (*Directory, error) {
	s := &Directory{Dir: dir}
	raw, err := os.ReadFile(s.Path("study.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not a study: it has no study.json; give the directory that essnas study has named", dir)
	}
	if err != nil {
		return nil, atomicfile.Explain(err, s.Path("study.json"))
	}
	if err := json.Unmarshal(raw, &s.Config); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): delete it, and repeat the command that made the study", s.Path("study.json"), err)
	}
	return s, nil
}

// SeedsOf is the number of seeds of a configuration: random cells may be more.
func (c Config) SeedsOf(conf Configuration) int {
	if conf.Group == Sampled {
		return max(c.Seeds, c.RandomCells)
	}
	return c.Seeds
}

// MaxSeeds is the largest number of seeds of a configuration of the study.
func (c Config) MaxSeeds() (n int) {
	for _, name := range c.Configurations {
		if conf, ok := Find(name); ok {
			n = max(n, c.SeedsOf(conf))
		}
	}
	return n
}

// Datasets are all that cells are trained on, first the one that they are searched on.
func (c Config) Datasets() []string { return append([]string{c.Dataset}, c.Transfers...) }

// Names are those of configurations.
func Names(all []Configuration) (names []string) {
	for _, c := range all {
		names = append(names, c.Name)
	}
	return
}

// Path is that of a file of the study.
func (s *Directory) Path(name ...string) string {
	return filepath.Join(append([]string{s.Dir}, name...)...)
}

// Write writes a value as a JSON file of the study, whole or not at all.
func (s *Directory) Write(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(s.Path(name), append(text, '\n'))
}
