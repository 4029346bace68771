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

// request is what a command asks for: a run, and how to read its images. A finished run is shown
// without reading them.
type request struct {
	config run.Config
	images func() (*data.Set, error)

	// the run is another one than that in the directory that was named: its name follows from config
	elsewhere bool
	remarks   []string // told when the run begins
}

// dir returns the run's directory, if the named one is its own.
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

// resumable returns the run in dir, if there is one of that stage: a named run needs no settings.
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

// resume returns the request for a run that is there, with all that was given beside its name. What
// was not given is as the run has it; what was given and differs becomes the error of run.Begin.
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
	if !bytes.Equal(encode(want), encode(have)) { // else the text keeps what older versions left out
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

// means reports whether a name is that of a run's images.
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

// resumeCell is resume of a stage on the network of a cell.
func resumeCell[S settings.Settings](l *Env, there *run.Run, choice *settings.Choice[S], dataset, genotype string) (q request, err error) {
	if there.Config.Genotype == nil {
		return q, fmt.Errorf("%s has no genotype: delete the run, or mend the file", there.Path("config.json"))
	}
	if q, err = resume(l, there, choice, dataset); err != nil || genotype == "" {
		return q, err
	}
	g, err := LoadGenotype(genotype)
	if err != nil && genotype == there.Config.Cells { // it was moved or deleted since
		return q, nil
	}
	q.config.Genotype = &g
	return q, err
}
