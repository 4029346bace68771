package study

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/lease"
	"github.com/essnas/essnas/lib/pipeline"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/stage"
	"github.com/essnas/essnas/lib/study/findings"
)

// Study is a study with the methods that work on it, in a directory of package findings.
type Study struct {
	*findings.Directory
	pipeline *pipeline.Pipeline
	only     []findings.Configuration // configurations of this request
	devices  int                      // Options.Devices
	lease    *lease.Lease
}

// Open opens an existing study. It returns an error if the directory is no study.
func Open(dir string) (*Study, error) {
	d, err := findings.Open(dir)
	if err != nil {
		return nil, err
	}
	d.Count = pipeline.StandardSize
	return &Study{Directory: d, only: configurationsOf(d.Config.Configurations)}, nil
}

// New returns the study that the options describe, new or existing. It writes nothing before Work.
// New returns an error for unknown names, invalid settings, missing data, or options that
// contradict an existing study.
func New(l *pipeline.Pipeline, o Options) (*Study, error) {
	copied := *l
	if copied.Warm == nil {
		copied.Warm = new(stage.Warm)
	}
	copied.NoPages = true
	only, err := findings.Choose(o.Only)
	if err != nil {
		return nil, err
	}
	if o.Seeds < 0 || o.Devices < 0 || o.RandomCells < 0 {
		return nil, fmt.Errorf("%d seeds, %d random cells, %d devices: want 1 or more of each, or 0 for the default", o.Seeds, o.RandomCells, o.Devices)
	}
	s := &Study{Directory: &findings.Directory{Dir: o.Dir, Count: pipeline.StandardSize}, pipeline: &copied, only: only, devices: o.Devices}
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
			return nil, fmt.Errorf("%s holds a study with other settings or data (it is a %s study on %s): choose another directory, or give no settings to continue that study",
				s.Dir, there.Config.Preset, there.Config.Dataset)
		}
		return s, s.goOn(there.Config, o)
	}
	if entries, err := os.ReadDir(s.Dir); err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		of, killed := atomicfile.Temporary(e.Name())
		return e.Name() != lease.LockName && e.Name() != lease.LeaseName && !(killed && (of == lease.LeaseName || of == "study.json"))
	}) {
		return nil, fmt.Errorf("%s is not empty and not a study: choose another directory", s.Dir)
	} else if err == nil || errors.Is(err, fs.ErrNotExist) {
		return s, nil
	} else {
		return nil, fmt.Errorf("%s can't be used for a study: %w", s.Dir, atomicfile.Explain(err, s.Dir))
	}
}

// ask returns the configuration of the study that the options describe.
func (s *Study) ask(o Options) (c findings.Config, err error) {
	p, err := findPreset(o.Preset)
	if err != nil {
		return c, err
	}
	c.Preset, c.TestImages, c.Seeds, c.RandomCells = p.name, p.testImages, o.Seeds, max(o.RandomCells, p.randomCells)
	if c.Seeds == 0 {
		c.Seeds = p.seeds
	}
	if c.SearchChanges, err = changes(o.Search, "seed", "ss_factor", "k", "phases"); err != nil {
		return c, err
	}
	if c.TrainChanges, err = changes(o.Train, "seed"); err != nil {
		return c, err
	}
	if err := resolve(&c); err != nil {
		return c, err
	}
	if c.Dataset, c.Transfers, c.Remarks, err = chooseData(s.pipeline, o, p); err != nil {
		return c, err
	}
	c.Data = map[string]map[string]string{}
	for _, name := range c.Datasets() {
		set, err := s.pipeline.Dataset(name)
		if err != nil {
			return c, err
		}
		c.Data[name] = set.Checksums
	}
	c.Configurations = findings.Names(s.only)
	c.Name, c.Hash = fmt.Sprintf("study-%s-%s", c.Dataset, c.Preset), hash(c)
	return c, nil
}

// resolve computes the settings of every configuration and returns an error if they are invalid.
func resolve(c *findings.Config) error {
	c.Search = map[string]settings.Search{}
	for _, conf := range findings.Configurations() {
		if conf.Method == "" {
			continue
		}
		choice, err := searchChoice(*c, conf, 1)
		if err != nil {
			return fmt.Errorf("searches: %w", err)
		}
		if c.Search[conf.Name], err = choice.Settings(); err != nil {
			return fmt.Errorf("searches: %w", err)
		}
	}
	choice, err := trainChoice(*c, 1)
	if err != nil {
		return fmt.Errorf("trainings: %w", err)
	}
	if c.Train, err = choice.Settings(); err != nil {
		return fmt.Errorf("trainings: %w", err)
	}
	return nil
}

// goOn takes over the configuration of an existing study and adds the configurations, seeds and
// random cells of the options.
func (s *Study) goOn(there findings.Config, o Options) error {
	asked := s.only
	s.Config = there
	if len(o.Only) == 0 && !o.given() {
		asked = configurationsOf(there.Configurations)
		s.only = asked
	}
	s.Config.Configurations = nil
	for _, c := range findings.Configurations() {
		if slices.Contains(there.Configurations, c.Name) || slices.ContainsFunc(asked, func(a findings.Configuration) bool { return a.Name == c.Name }) {
			s.Config.Configurations = append(s.Config.Configurations, c.Name)
		}
	}
	s.Config.Seeds, s.Config.RandomCells = max(there.Seeds, o.Seeds), max(there.RandomCells, o.RandomCells)
	return nil
}

// configurationsOf returns the configurations with these names. It leaves out names that this
// version of essnas does not know.
func configurationsOf(names []string) (all []findings.Configuration) {
	for _, name := range names {
		if c, ok := findings.Find(name); ok {
			all = append(all, c)
		}
	}
	return
}

// hash returns the hash in the name of a study's directory. Configurations and the number of seeds
// don't enter it, because a study may grow. The settings of controls don't enter it either, because
// they follow from those of the slides' stages.
func hash(c findings.Config) string {
	search := maps.Clone(c.Search)
	maps.DeleteFunc(search, func(name string, _ settings.Search) bool {
		conf, _ := findings.Find(name)
		return conf.Control != ""
	})
	text, err := json.Marshal([]any{c.Preset, c.Dataset, c.Transfers, search, c.Train, c.TestImages, c.Data})
	if err != nil {
		panic(err) // these types always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

// take locks the directory for this process; end unlocks it.
func (s *Study) take() error {
	if err := atomicfile.MkdirAll(s.Dir); err != nil {
		return err
	}
	held, err := lease.Take(s.Dir)
	if err != nil {
		return err
	}
	s.lease = held
	return nil
}

// begin locks the directory for this process and writes study.json.
func (s *Study) begin() error {
	if err := s.take(); err != nil {
		return err
	}
	if s.Config.Backend == "" { // a job on a node may have recorded it since
		if there, err := findings.Open(s.Dir); err == nil {
			s.Config.Backend = there.Config.Backend
		}
	}
	s.Config.Command, s.Config.Versions = s.pipeline.Command, run.Versions()
	if s.Config.Started == "" {
		s.Config.Started = time.Now().UTC().Format(time.RFC3339)
	}
	return s.Write("study.json", s.Config)
}

// end unlocks the directory for other processes.
func (s *Study) end() {
	if s.lease != nil {
		s.lease.Close()
		s.lease = nil
	}
}
