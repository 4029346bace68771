package stage

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// request describes the run that a command asks for, and how to read its images. A finished run is
// shown without reading them.
type request struct {
	config run.Config
	images func() (*data.Set, error)

	// elsewhere reports that the run is not the one in the named directory: config gives its name.
	elsewhere bool
	remarks   []string // shown when the run begins
}

// dir returns the named directory, or "" if the run is elsewhere.
func (q request) dir(named string) string {
	if q.elsewhere {
		return ""
	}
	return named
}

// loaded returns a function that returns these images.
func loaded(set *data.Set) func() (*data.Set, error) {
	return func() (*data.Set, error) { return set, nil }
}

// resumable returns the run in dir, or nil if there is none. It returns an error if another stage
// has made the run.
func resumable(dir string, s Stage) (*run.Run, error) {
	if dir == "" {
		return nil, nil
	}
	if _, err := os.Stat(filepath.Join(dir, "config.json")); err != nil {
		return nil, nil
	}
	r, err := run.Open(dir)
	if err != nil {
		return nil, err
	}
	if !s.made(r) {
		return nil, fmt.Errorf("%s holds a run of essnas %s, not of essnas %s: choose another directory", dir, r.Config.Stage, s.Name)
	}
	return r, nil
}

// resume returns the request for an existing run, with the settings and images that the command
// gives and otherwise those of the run. If they differ from the run's, run.Begin returns the error.
func resume[S settings.Settings](l *Env, there *run.Run, choice *settings.Choice[S], dataset string) (q request, err error) {
	have, err := validSettingsOf[S](there.Config)
	if err != nil {
		return q, err
	}
	want, err := choice.Over(have)
	if err != nil {
		return q, err
	}
	q.config = there.Config
	if !bytes.Equal(encode(want), encode(have)) { // equal settings keep the text of an older version
		q.config.Settings = encode(want)
	}
	q.images = func() (*data.Set, error) { return l.load(there.Config.Data) }
	if dataset == "" || means(dataset, there.Config.Data) {
		return q, nil
	}
	set, err := l.Dataset(dataset)
	if err != nil {
		return q, err
	}
	q.config.Data, q.images = imagesOf(set), loaded(set)
	return q, nil
}

// means reports whether dataset is the name of a run's images.
func means(dataset string, d run.Data) bool {
	switch {
	case d.Sample:
		return dataset == "sample"
	case dataset == d.Name:
		return true
	case d.Own == "":
		return false
	}
	o, err := data.ParseOwn(dataset)
	return err == nil && o.String() == d.Own
}

// resumeCell returns the request for an existing run of a stage that trains a cell's network, see
// resume.
func resumeCell[S settings.Settings](l *Env, there *run.Run, choice *settings.Choice[S], dataset, genotype string) (q request, err error) {
	if there.Config.Genotype == nil {
		return q, fmt.Errorf("%s has no genotype: delete the run, or repair the file", there.Path("config.json"))
	}
	if q, err = resume(l, there, choice, dataset); err != nil || genotype == "" {
		return q, err
	}
	g, err := LoadGenotype(genotype)
	if err != nil && genotype == there.Config.Cells { // its source was moved or deleted since
		return q, nil
	}
	q.config.Genotype = &g
	return q, err
}
