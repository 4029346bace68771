package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/cell"
)

// Config is config.json: all that decides a run's result, and where and how it was made.
type Config struct {
	Stage    string            `json:"stage"`                // name of the stage that makes it: search, pretrain or train
	Name     string            `json:"name"`                 // search-cifar10
	Hash     string            `json:"hash"`                 // of stage, settings, genotype, the data's name and checksums, and the first weights'
	Settings json.RawMessage   `json:"settings"`             // of that stage: settings.Search ...
	Genotype *cell.Genotype    `json:"genotype,omitempty"`   // of a training
	Cells    string            `json:"cells_from,omitempty"` // of a training: name, file or run that the genotype was taken from
	From     *Origin           `json:"from,omitempty"`       // of a training that begins with the weights of a pretraining
	Data     Data              `json:"data"`
	Backend  Backend           `json:"backend"`
	Choices  map[string]string `json:"choices,omitempty"` // the fastest way to compute at each place, as it was raced on a GPU
	Memory   *Memory           `json:"memory,omitempty"`
	Versions map[string]string `json:"versions"`
	Command  []string          `json:"command"`
	Started  string            `json:"started"` // RFC 3339
}

// Data says which images a run works on, and what predicting needs to know of them.
type Data struct {
	Name      string            `json:"name"`
	Title     string            `json:"title"`
	Sample    bool              `json:"sample"` // the embedded sample, not the whole data set
	Classes   []string          `json:"classes"`
	Channels  int               `json:"channels"`
	Side      int               `json:"side"` // of an image, in pixels
	Train     int               `json:"train_images"`
	Test      int               `json:"test_images"`
	Mean      []float32         `json:"mean"` // of the training images' channels, on the scale 0..1
	Std       []float32         `json:"std"`
	Checksums map[string]string `json:"checksums"`
}

// Backend says what a run was computed on.
type Backend struct {
	Kind    string `json:"kind"` // cuda, cpu or go; or rehearsal
	Plugin  string `json:"plugin,omitempty"`
	Version string `json:"version,omitempty"`
}

// hash is what a run's directory is named by.
func (c Config) hash() string {
	decisive := []any{c.Stage, c.Settings, c.Genotype, c.Data.Name, c.Data.Sample, c.Data.Checksums}
	if c.From != nil {
		decisive = append(decisive, c.From.Checksum)
	}
	text, err := json.Marshal(decisive)
	if err != nil {
		panic(err) // nothing in it can fail
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

// against says how the run that is there differs from the one that is asked for; nil when it doesn't.
func (c Config) against(asked Config, dir string) error {
	if c.Hash == asked.Hash {
		return nil
	}
	var differences []string
	differ := func(what string, there, here any) {
		if fmt.Sprint(there) != fmt.Sprint(here) {
			differences = append(differences, fmt.Sprintf("%s is %v there and %v here", what, there, here))
		}
	}
	if c.Stage != asked.Stage {
		return fmt.Errorf("%s holds a run of essnas %s: choose another directory for this %s", dir, c.Stage, asked.Stage)
	}
	differ("the data set", c.Data.Title, asked.Data.Title)
	if len(differences) == 0 && !maps.Equal(c.Data.Checksums, asked.Data.Checksums) {
		differences = append(differences, "the data set's files have changed")
	}
	if c.Genotype != nil && asked.Genotype != nil {
		differ("the genotype", c.Genotype.Python(), asked.Genotype.Python())
	}
	differ("what it begins with", c.From, asked.From)
	var there, here map[string]json.RawMessage
	if json.Unmarshal(c.Settings, &there) == nil && json.Unmarshal(asked.Settings, &here) == nil {
		for _, name := range slices.Sorted(maps.Keys(here)) {
			if !bytes.Equal(there[name], here[name]) {
				differ(name, string(there[name]), string(here[name]))
			}
		}
	}
	return fmt.Errorf("%s holds a run with other settings (%s): choose another directory, or give no settings to go on with that run", dir, strings.Join(differences, "; "))
}

// Versions of the program and of what computes.
func Versions() map[string]string {
	v := map[string]string{"go": runtime.Version(), "essnas": "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v["essnas"] = info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v["essnas"] = s.Value
		}
	}
	for _, d := range info.Deps {
		switch d.Path {
		case "github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla":
			v[d.Path[len("github.com/gomlx/"):]] = d.Version
		}
	}
	return v
}
