package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/build"
)

// Config is config.json: everything that determines the result of a run, and the machine and the
// versions that made it.
type Config struct {
	Stage string `json:"stage"` // name of the pipeline stage: search, pretrain or train
	Name  string `json:"name"`  // search-cifar10
	// hash of Stage, Settings, Genotype, the data's name and checksums, and the checksum of the
	// initial weights
	Hash     string          `json:"hash"`
	Settings json.RawMessage `json:"settings"`           // settings.Search, Pretrain or Train
	Genotype *cell.Genotype  `json:"genotype,omitempty"` // the cell of a training or a pretraining
	// source of the genotype: a name, a file or a run
	Cells string `json:"cells_from,omitempty"`
	// initial weights from another run; nil: random ones
	From    *Origin `json:"from,omitempty"`
	Data    Data    `json:"data"`
	Backend Backend `json:"backend"`
	// winners of the races between computations on a GPU
	Choices  map[string]string `json:"choices,omitempty"`
	Memory   *Memory           `json:"memory,omitempty"`
	Versions map[string]string `json:"versions"`
	Command  []string          `json:"command"`
	Started  string            `json:"started"` // RFC 3339
}

// Data describes the images of a run, with the values that predictions need.
type Data struct {
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Sample   bool     `json:"sample"` // the embedded sample, not the whole data set
	Classes  []string `json:"classes"`
	Channels int      `json:"channels"`
	Side     int      `json:"side"` // of an image, in pixels
	Train    int      `json:"train_images"`
	Test     int      `json:"test_images"`
	// mean and standard deviation of each channel of the training images, on the scale 0..1
	Mean      []float32         `json:"mean"`
	Std       []float32         `json:"std"`
	Checksums map[string]string `json:"checksums"`

	Own        string      `json:"own,omitempty"`        // reference to a user's own pictures (data.ParseOwn)
	Unlabelled bool        `json:"unlabelled,omitempty"` // pictures without labels
	Background *Background `json:"background,omitempty"` // of the training images; nil: not measured
}

// Background is the brightness of the outermost pixels of images, from 0 (black) to 255 (white).
type Background struct {
	Mean float64 `json:"mean"` // mean over all images
	Std  float64 `json:"std"`  // standard deviation between images
}

// Backend describes the backend of a run.
type Backend struct {
	Kind    string `json:"kind"` // cuda, cpu or go; or rehearsal
	Plugin  string `json:"plugin,omitempty"`
	Version string `json:"version,omitempty"`
}

// hash is the last part of the name of a run's directory.
func (c Config) hash() string {
	decisive := []any{c.Stage, c.Settings, c.Genotype, c.Data.Name, c.Data.Sample, c.Data.Checksums}
	if c.From != nil {
		decisive = append(decisive, c.From.Checksum)
	}
	text, err := json.Marshal(decisive)
	if err != nil {
		panic(err) // these types always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

// Differ reports whether two configurations describe different runs.
func Differ(a, b Config) bool { return a.hash() != b.hash() }

// against returns an error with the differences between an existing run and the requested one, or
// nil.
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
	differ("the origin of its initial weights", c.From, asked.From)
	var there, here map[string]json.RawMessage
	if json.Unmarshal(c.Settings, &there) == nil && json.Unmarshal(asked.Settings, &here) == nil {
		for _, name := range slices.Sorted(maps.Keys(here)) {
			if !bytes.Equal(there[name], here[name]) {
				differ(name, string(there[name]), string(here[name]))
			}
		}
	}
	if len(differences) == 0 {
		return fmt.Errorf("%s was changed after the run began: its hash is not that of its settings, cell and data; put the file back from a copy, or choose another directory", filepath.Join(dir, "config.json"))
	}
	return fmt.Errorf("%s holds a run with other settings (%s): choose another directory, or give no settings to go on with that run", dir, strings.Join(differences, "; "))
}

// Versions returns the versions of the program and of its backend.
func Versions() map[string]string {
	b := build.Read()
	v := map[string]string{"go": runtime.Version(), "essnas": b.Commit}
	if b.Commit == "unknown" {
		v["essnas"] = b.Version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, d := range info.Deps {
		switch d.Path {
		case "github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla":
			v[d.Path[len("github.com/gomlx/"):]] = d.Version
		}
	}
	return v
}
