package stage

import (
	"bytes"
	"fmt"

	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// prolong turns the request for more epochs of a finished run into the request for a new run that
// begins with the last weights of the finished one. It returns other requests unchanged. shorten
// sets the number of epochs and the settings that depend on it.
//
// The learning rate of a finished run has reached the end of its schedule. The new run is therefore
// a warm restart (arXiv:1608.03983): the same schedule over the added epochs, with momentum 0 at
// the start.
func prolong[S settings.Settings](there *run.Run, q request, epochs func(S) int, shorten func(s *S, epochs int) error) (request, error) {
	if result, err := there.Result(); err != nil || result == nil {
		return q, err
	}
	have, err := settingsOf[S](there.Config)
	if err != nil {
		return q, err
	}
	want, err := settingsOf[S](q.config)
	if err != nil {
		return q, err
	}
	more, same := epochs(want)-epochs(have), want
	if more <= 0 {
		return q, nil
	}
	if err := only(&same, "epochs", have); err != nil || !bytes.Equal(encode(same), encode(have)) {
		return q, err
	}
	longer := q.config
	longer.Settings = there.Config.Settings
	if run.Differ(longer, there.Config) { // they differ in more than the number of epochs
		return q, nil
	}
	if err := shorten(&want, more); err != nil {
		return q, err
	}
	s, err := of(there)
	if err != nil {
		return q, err
	}
	o, err := openOrigin(there.Dir, "--run", s)
	if err == nil {
		err = o.load(true)
	}
	if err != nil {
		return q, err
	}
	c := there.Config
	q.config = run.Config{Stage: c.Stage, Name: c.Name, Settings: encode(want), Genotype: c.Genotype, Cells: c.Cells, Data: c.Data, From: &o.Origin}
	q.elsewhere = true
	q.remarks = append(q.remarks, fmt.Sprintf("%s has ended after %d epochs: %d more are a run of their own that begins with its last weights; the learning rate begins its schedule again, over %d epochs, and the momentum begins at 0",
		there.Dir, epochs(have), more, more))
	return q, nil
}

// only copies one setting of other into s.
func only[S settings.Settings](s *S, name string, other S) error {
	for _, f := range settings.Fields[S]() {
		if f.Name == name {
			f.Copy(s, &other)
			return nil
		}
	}
	return fmt.Errorf("there is no setting %q", name)
}
