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

// Directory is the directory of a study.
//
//	study.json                       Config
//	runs/CONFIGURATION/seedS/search  the run of a search; for random search genotype.json
//	runs/CONFIGURATION/seedS/DATA    the run of the training on that data set, with its test
//	results.csv                      a line for each configuration and seed
//	results.json                     Results: the same, with means, tests and claims
//	figures/                         pictures
//	report.html                      a page that shows all of this
//	lock                             held by the process that works in the directory
type Directory struct {
	Dir    string
	Config Config
	// Count returns the number of weights of the network of 20 cells and 36 channels; nil: the numbers
	// are those of results.json, or unknown.
	Count   func(g cell.Genotype, d run.Data) (weights int, err error)
	counted map[string]map[int]int // numbers of results.json, by configuration and seed
}

// Quick is the name of the preset whose numbers have no meaning.
const Quick = "quick"

// Config is study.json: everything that determines a study's result, and the machine and the
// versions that made it.
type Config struct {
	Name   string `json:"name"`   // study-cifar10-quick
	Hash   string `json:"hash"`   // hash of settings and data
	Preset string `json:"preset"` // one of study.PresetNames
	// data set on which cells are searched: a name for data.Open
	Dataset string `json:"dataset"`
	// other data sets on which found cells are trained
	Transfers []string `json:"transfers"`
	// configurations that were requested so far
	Configurations []string `json:"configurations"`
	Seeds          int      `json:"seeds"` // the seeds are 1 to Seeds
	// number of random cells if it is larger than Seeds; 0: Seeds
	RandomCells   int               `json:"random_cells,omitempty"`
	SearchChanges map[string]string `json:"search_changes"` // changes of the preset's settings
	TrainChanges  map[string]string `json:"train_changes"`
	// settings of the searches with the first seed, by configuration
	Search map[string]settings.Search `json:"search"`
	Train  settings.Train             `json:"train"` // settings of the trainings with the first seed
	// number of images of each test set that are read; 0: all
	TestImages int `json:"test_images"`
	// checksums of the files, by data set
	Data map[string]map[string]string `json:"data"`
	// sentences on unexpected circumstances, such as a missing data set
	Remarks []string `json:"remarks"`
	// kind of the backend; "" before the first run
	Backend  string            `json:"backend"`
	Versions map[string]string `json:"versions"`
	Command  []string          `json:"command"` // the last command line
	Started  string            `json:"started"` // RFC 3339
}

// small reports whether the numbers of the study have no meaning.
func (c Config) small() bool {
	return c.Preset == Quick || c.Dataset == "sample" || len(c.SearchChanges)+len(c.TrainChanges) > 0
}

// Open opens a study for reading. It returns an error if the directory is no study.
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
	if s.Config.Backend == "" {
		s.Config.Backend = s.ranOn()
	}
	return s, nil
}

// ranOn returns the kind of the backend of a run of the study, or "" if none has begun. Jobs on the
// nodes of a cluster have not always recorded it in study.json.
func (s *Directory) ranOn() (kind string) {
	filepath.WalkDir(s.Path("runs"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.Name() != "config.json" {
			return nil // Results reports runs that can't be read
		}
		var c run.Config
		if raw, err := os.ReadFile(path); err == nil && json.Unmarshal(raw, &c) == nil {
			kind = c.Backend.Kind
		}
		if kind != "" {
			return filepath.SkipAll
		}
		return nil
	})
	return kind
}

// SeedsOf returns the number of seeds of a configuration. Random search may have more seeds than
// the other configurations.
func (c Config) SeedsOf(conf Configuration) int {
	if conf.Group == Sampled {
		return max(c.Seeds, c.RandomCells)
	}
	return c.Seeds
}

// MaxSeeds returns the largest number of seeds of a configuration of the study.
func (c Config) MaxSeeds() (n int) {
	for _, name := range c.Configurations {
		if conf, ok := Find(name); ok {
			n = max(n, c.SeedsOf(conf))
		}
	}
	return n
}

// Datasets returns the data sets on which cells are trained. The first is that of the searches.
func (c Config) Datasets() []string { return append([]string{c.Dataset}, c.Transfers...) }

// Names returns the names of configurations.
func Names(all []Configuration) (names []string) {
	for _, c := range all {
		names = append(names, c.Name)
	}
	return
}

// Path returns the path of a file of the study.
func (s *Directory) Path(name ...string) string {
	return filepath.Join(append([]string{s.Dir}, name...)...)
}

// Write writes a value as a JSON file of the study, completely or not at all. It returns an error
// if the file can't be written.
func (s *Directory) Write(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(s.Path(name), append(text, '\n'))
}
