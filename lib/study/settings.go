package study

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/pipeline"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/study/findings"
)

// Options describe a study. The zero value describes a quick study.
type Options struct {
	Dir    string // directory of the study; "" for a name that follows from the options
	Preset string // one of PresetNames; "" for the first
	// Dataset is the data set of searches; "" stands for CIFAR-10. If CIFAR-10 is missing, the preset
	// quick takes Fashion-MNIST, or its built-in sample.
	Dataset string
	// Transfers are further data sets for the found cells; nil: all others; {"none"}: none.
	Transfers []string
	Only      []string // names of configurations and groups; none: all
	Seeds     int      // the seeds are 1 to Seeds; 0: the preset's number
	// RandomCells is the least number of random cells; 0: the preset's number.
	RandomCells int
	Search      string // JSON file with settings of all searches
	Train       string // JSON file with settings of all trainings
	Devices     int    // jobs at a time, one on each device; 0: one on each GPU, one on a CPU
}

// given reports whether the options set anything that an existing study has fixed.
func (o Options) given() bool {
	return o.Preset != "" || o.Dataset != "" || o.Transfers != nil || o.Search != "" || o.Train != ""
}

type preset struct {
	name, help    string
	search, train string // presets of searches and trainings
	seeds         int
	randomCells   int  // size of the reference distribution, at least the number of seeds
	testImages    int  // test images that are read; 0: all
	needsData     bool // CIFAR-10 and the transfers must exist
}

var presets = []preset{
	{findings.Quick, "some minutes on two cores, numbers without meaning", "study", "study", 2, 0, 1000, false},
	{"course", "the questions of the slides at the smallest scale, a day on two cores, half of it with --transfer none", "course", "course", 5, 30, 0, true},
	{"slides", "as in the slides, with repetitions", "slides", "slides", 3, 0, 0, true},
	{"paper", "as in PC-DARTS and P-DARTS", "paper", "paper", 5, 0, 0, true},
}

// PresetNames lists the presets, the default first.
func PresetNames() (names []string) {
	for _, p := range presets {
		names = append(names, p.name)
	}
	return
}

// PresetHelp describes the presets.
func PresetHelp() string {
	var helps []string
	for _, p := range presets {
		helps = append(helps, fmt.Sprintf("%s (%s; %d seeds)", p.name, p.help, p.seeds))
	}
	return strings.Join(helps, ", ")
}

func findPreset(name string) (preset, error) {
	if name == "" {
		return presets[0], nil
	}
	i := slices.IndexFunc(presets, func(p preset) bool { return p.name == name })
	if i < 0 {
		return preset{}, fmt.Errorf("there is no preset %q: choose one of %s", name, strings.Join(PresetNames(), ", "))
	}
	return presets[i], nil
}

// changes reads a settings file, which changes all configurations in the same way. It returns an
// error for settings in fixed.
func changes(path string, fixed ...string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the settings file can't be read: %w", err)
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return nil, fmt.Errorf(`settings file %s is not a JSON object like {"epochs": 10}: %w`, path, err)
	}
	texts := map[string]string{}
	for name, value := range values {
		if slices.Contains(fixed, name) {
			return nil, fmt.Errorf("settings file %s: the study's configurations and seeds set %s: leave it out", path, name)
		}
		texts[name] = string(value)
		if value[0] == '"' {
			var text string
			if err := json.Unmarshal(value, &text); err != nil {
				return nil, fmt.Errorf("settings file %s: %s: %w", path, name, err)
			}
			texts[name] = text
		}
	}
	return texts, nil
}

// searchChoice returns the settings of a configuration's search with a seed.
func searchChoice(c findings.Config, conf findings.Configuration, seed int) (*settings.Choice[settings.Search], error) {
	p, err := findPreset(c.Preset)
	if err != nil {
		return nil, err
	}
	choice := settings.SearchChoice()
	choice.Preset, choice.Method = p.search, conf.Method
	if err := errors.Join(choice.Set("seed", seed), choice.Set("ss_factor", conf.SSFactor)); err != nil {
		return nil, err
	}
	if conf.Control != "" {
		if err := choice.Set(conf.Control, conf.Value); err != nil {
			return nil, err
		}
	}
	return choice, change(choice, c.SearchChanges)
}

// trainChoice returns the settings of trainings with a seed, which are the same for every cell.
func trainChoice(c findings.Config, seed int) (*settings.Choice[settings.Train], error) {
	p, err := findPreset(c.Preset)
	if err != nil {
		return nil, err
	}
	choice := settings.TrainChoice()
	choice.Preset = p.train
	if err := choice.Set("seed", seed); err != nil {
		return nil, err
	}
	return choice, change(choice, c.TrainChanges)
}

// change sets the values of a settings file.
func change[S settings.Settings](c *settings.Choice[S], values map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := c.Set(name, values[name]); err != nil {
			return err
		}
	}
	return nil
}

// chooseData finds the data sets for searches and transfers, and remarks on unexpected ones.
func chooseData(l *pipeline.Pipeline, o Options, p preset) (dataset string, transfers, remarks []string, err error) {
	any, err := l.Dataset("") // an error if the named directory does not exist
	if err != nil {
		return "", nil, nil, err
	}
	there := func(name string) (bool, error) {
		if name == any.Name {
			return !any.Sample, nil
		}
		_, err := l.Dataset(name)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil, err
	}
	dataset = o.Dataset
	if dataset == "" {
		dataset = "cifar10"
		found, err := there(dataset)
		if err != nil {
			return "", nil, nil, err
		}
		if !found && !p.needsData {
			dataset = "sample"
			remarks = append(remarks, fmt.Sprintf("CIFAR-10 is missing (fetch it with: essnas data fetch cifar10), so this study uses %s", any.Title))
			if !any.Sample {
				dataset = any.Name
			}
		}
	}
	set, err := l.Dataset(dataset)
	if err != nil {
		return "", nil, nil, err
	}
	if dataset == set.Name && set.Sample {
		dataset = "sample"
	}
	if o.Transfers == nil {
		for _, name := range []string{"cifar100", "fashion-mnist"} {
			if name == set.Name {
				continue
			}
			found, err := there(name)
			if err != nil {
				return "", nil, nil, err
			}
			switch {
			case found:
				transfers = append(transfers, name)
			case p.needsData:
				return "", nil, nil, fmt.Errorf("%s is missing: fetch it with \"essnas data fetch %s\", or name the transfers with --transfer (none: no transfers)", data.Title(name), name)
			default:
				remarks = append(remarks, fmt.Sprintf("%s is missing, so nothing is transferred to it", data.Title(name)))
			}
		}
		return dataset, transfers, remarks, nil
	}
	for _, name := range o.Transfers {
		if name == "none" && len(o.Transfers) == 1 {
			break
		}
		if name == dataset || name == set.Name {
			return "", nil, nil, fmt.Errorf("the cells are searched on %s: name other data sets with --transfer, or none", name)
		}
		if slices.Contains(transfers, name) {
			return "", nil, nil, fmt.Errorf("--transfer names %s twice", name)
		}
		if _, err := l.Dataset(name); err != nil {
			return "", nil, nil, err
		}
		transfers = append(transfers, name)
	}
	return dataset, transfers, remarks, nil
}
