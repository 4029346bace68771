package study

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/internal/whole"
	"github.com/essnas/essnas/lib/lab"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/stage"
	"github.com/gofrs/flock"
)

// Study is the directory of a study.
//
//	study.json                       Config
//	runs/CONFIGURATION/seedS/search  a run of lab; of random search genotype.json
//	runs/CONFIGURATION/seedS/DATA    a run of lab: the training on that data set, and its test
//	results.csv                      a line for each configuration and seed
//	results.json                     the same, and what follows from it: Results
//	figures/                         pictures
//	report.html                      all of this to look at
//	lock                             held by the process that works in the directory
type Study struct {
	Dir    string
	Config Config
	lab    *lab.Lab
	only   []Configuration // to work on
	// devices is Options.Devices.
	devices int
	lock    *flock.Flock
}

// Config is study.json: all that decides a study's result, and where and how it was made.
type Config struct {
	Name           string                       `json:"name"`           // study-cifar10-quick
	Hash           string                       `json:"hash"`           // of settings and data
	Preset         string                       `json:"preset"`         // one of PresetNames
	Dataset        string                       `json:"dataset"`        // that cells are searched on: a name for data.Open
	Transfers      []string                     `json:"transfers"`      // that found cells are trained on, too
	Configurations []string                     `json:"configurations"` // that were asked for so far
	Seeds          int                          `json:"seeds"`          // 1 ... Seeds
	SearchChanges  map[string]string            `json:"search_changes"` // of the preset's settings
	TrainChanges   map[string]string            `json:"train_changes"`
	Search         map[string]settings.Search   `json:"search"`      // of the first seed, by configuration
	Train          settings.Train               `json:"train"`       // of the first seed
	TestImages     int                          `json:"test_images"` // how many of each test set were read; 0: all
	Data           map[string]map[string]string `json:"data"`        // checksums of the files, by data set
	Remarks        []string                     `json:"remarks"`     // what is not as one may expect
	Backend        string                       `json:"backend"`     // kind of what computes; "" before the first run
	Versions       map[string]string            `json:"versions"`
	Command        []string                     `json:"command"` // the last one
	Started        string                       `json:"started"` // RFC 3339
}

// small says whether the study is too small to mean anything.
func (c Config) small() bool {
	p, err := findPreset(c.Preset)
	return err == nil && !p.needsData || c.Dataset == "sample" || len(c.SearchChanges)+len(c.TrainChanges) > 0
}

// Open opens a study to read, and returns an error for what is none.
func Open(dir string) (*Study, error) {
	s := &Study{Dir: dir}
	raw, err := os.ReadFile(s.Path("study.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not a study: it has no study.json; give the directory that essnas study has named", dir)
	}
	if err != nil {
		return nil, whole.Explain(err, s.Path("study.json"))
	}
	if err := json.Unmarshal(raw, &s.Config); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): delete it, and repeat the command that made the study", s.Path("study.json"), err)
	}
	s.only = configurationsOf(s.Config.Configurations)
	return s, nil
}

// New makes a study from what is asked for, or finds the one that is there. Nothing is written before Run.
func New(l *lab.Lab, o Options) (*Study, error) {
	copied := *l
	if copied.Warm == nil {
		copied.Warm = new(stage.Warm)
	}
	copied.NoPages = true
	only, err := Choose(o.Only)
	if err != nil {
		return nil, err
	}
	if o.Seeds < 0 || o.Devices < 0 {
		return nil, fmt.Errorf("%d seeds on %d devices: want 1 or more of both, or 0 for the default", o.Seeds, o.Devices)
	}
	s := &Study{Dir: o.Dir, lab: &copied, only: only, devices: o.Devices}
	if o.Dir != "" && !o.given() {
		there, err := Open(o.Dir)
		if err == nil {
			return s, s.goOn(there.Config, o)
		}
		if _, missing := os.Stat(s.Path("study.json")); missing == nil {
			return nil, err
		}
	}
	if s.Config, err = s.ask(o); err != nil {
		return nil, err
	}
	if s.Dir == "" {
		root := l.Runs
		if root == "" {
			root = run.Root()
		}
		s.Dir = filepath.Join(root, s.Config.Name+"-"+s.Config.Hash)
	}
	if _, err := os.Stat(s.Path("study.json")); err == nil {
		there, err := Open(s.Dir)
		if err != nil {
			return nil, err
		}
		if there.Config.Hash != s.Config.Hash {
			return nil, fmt.Errorf("%s holds a study with other settings or data (it is a %s study on %s): choose another directory, or give no settings to go on with that study",
				s.Dir, there.Config.Preset, there.Config.Dataset)
		}
		return s, s.goOn(there.Config, o)
	}
	if entries, err := os.ReadDir(s.Dir); err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return e.Name() != "lock" && !strings.HasPrefix(e.Name(), ".study.json")
	}) {
		return nil, fmt.Errorf("%s is not empty and not a study: choose another directory", s.Dir)
	} else if err == nil || errors.Is(err, fs.ErrNotExist) {
		return s, nil
	} else {
		return nil, fmt.Errorf("%s can't be used for a study: %w", s.Dir, whole.Explain(err, s.Dir))
	}
}

// ask is the configuration of a new study.
func (s *Study) ask(o Options) (c Config, err error) {
	p, err := findPreset(o.Preset)
	if err != nil {
		return c, err
	}
	c.Preset, c.TestImages, c.Seeds = p.name, p.testImages, o.Seeds
	if c.Seeds == 0 {
		c.Seeds = p.seeds
	}
	if c.SearchChanges, err = changes(o.Search, "seed", "ss_factor", "k", "phases"); err != nil {
		return c, err
	}
	if c.TrainChanges, err = changes(o.Train, "seed"); err != nil {
		return c, err
	}
	if err := c.resolve(); err != nil {
		return c, err
	}
	if c.Dataset, c.Transfers, c.Remarks, err = chooseData(s.lab, o, p); err != nil {
		return c, err
	}
	c.Data = map[string]map[string]string{}
	for _, name := range c.datasets() {
		set, err := s.lab.Dataset(name)
		if err != nil {
			return c, err
		}
		c.Data[name] = set.Checksums
	}
	c.Configurations = names(s.only)
	c.Name, c.Hash = fmt.Sprintf("study-%s-%s", c.Dataset, c.Preset), c.hash()
	return c, nil
}

// resolve finds the settings of every configuration, and says what is wrong with them.
func (c *Config) resolve() error {
	c.Search = map[string]settings.Search{}
	for _, conf := range Configurations() {
		if conf.Method == "" {
			continue
		}
		choice, err := c.searchChoice(conf, 1)
		if err != nil {
			return err
		}
		if c.Search[conf.Name], err = choice.Settings(); err != nil {
			return fmt.Errorf("searches: %w", err)
		}
	}
	choice, err := c.trainChoice(1)
	if err != nil {
		return err
	}
	if c.Train, err = choice.Settings(); err != nil {
		return fmt.Errorf("trainings: %w", err)
	}
	return nil
}

// goOn takes the configuration of the study that is there, and what is asked for beyond it.
func (s *Study) goOn(there Config, o Options) error {
	asked := s.only
	s.Config = there
	if len(o.Only) == 0 && !o.given() {
		asked = configurationsOf(there.Configurations)
		s.only = asked
	}
	s.Config.Configurations = nil
	for _, c := range Configurations() {
		if slices.Contains(there.Configurations, c.Name) || slices.ContainsFunc(asked, func(a Configuration) bool { return a.Name == c.Name }) {
			s.Config.Configurations = append(s.Config.Configurations, c.Name)
		}
	}
	s.Config.Seeds = max(there.Seeds, o.Seeds)
	return nil
}

// configurationsOf are the configurations of these names, without those of another version of essnas.
func configurationsOf(names []string) (all []Configuration) {
	for _, name := range names {
		if c, ok := find(name); ok {
			all = append(all, c)
		}
	}
	return
}

// hash is what a study's directory is named by: not by which configurations and how many seeds, for a study may grow.
func (c Config) hash() string {
	text, err := json.Marshal([]any{c.Preset, c.Dataset, c.Transfers, c.Search, c.Train, c.TestImages, c.Data})
	if err != nil {
		panic(err) // nothing in it can fail
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

// datasets are all that cells are trained on, first the one that they are searched on.
func (c Config) datasets() []string { return append([]string{c.Dataset}, c.Transfers...) }

func names(all []Configuration) (names []string) {
	for _, c := range all {
		names = append(names, c.Name)
	}
	return
}

// Path is that of a file of the study.
func (s *Study) Path(name ...string) string {
	return filepath.Join(append([]string{s.Dir}, name...)...)
}

// begin takes the directory for this process and writes what the study is.
func (s *Study) begin() error {
	if err := whole.MkdirAll(s.Dir); err != nil {
		return err
	}
	lock := flock.New(s.Path("lock"))
	ok, err := lock.TryLock()
	if err != nil {
		return whole.Explain(err, s.Path("lock"))
	}
	if !ok {
		return fmt.Errorf("another process is at work in %s: wait for it, stop it, or choose another directory", s.Dir)
	}
	s.lock = lock
	s.Config.Command, s.Config.Versions = s.lab.Command, run.Versions()
	if s.Config.Started == "" {
		s.Config.Started = time.Now().UTC().Format(time.RFC3339)
	}
	return s.write("study.json", s.Config)
}

// end lets other processes in.
func (s *Study) end() {
	if s.lock != nil {
		s.lock.Close()
		s.lock = nil
	}
}

func (s *Study) write(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return whole.WriteBytes(s.Path(name), append(text, '\n'))
}
