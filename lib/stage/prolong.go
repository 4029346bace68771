package stage

import (
	"bytes"
	"fmt"

	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// prolong turns the request for more epochs of a finished run into that for a run of its own, which
// begins with the last weights of the finished one. It leaves other requests as they are. shorten
// sets the number of epochs, and all that depends on it.
//
// A schedule ends with its run: the learning rate has fallen to its end. So the new run is a warm
// restart (arXiv:1608.03983): the same schedule over the epochs that are added, without momentum.
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
	if run.Differ(longer, there.Config) { // in more than the number of epochs
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
	q.remarks = append(q.remarks, fmt.Sprintf("%s has ended after %d epochs: %d more are a run of their own, which begins with its last weights; the schedule of the learning rate begins again, over %d epochs, and momentum at 0",
		there.Dir, epochs(have), more, more))
	return q, nil
}

// only sets one setting of s to that of another.
func only[S settings.Settings](s *S, name string, other S) error {
	for _, f := range settings.Fields[S]() {
		if f.Name == name {
			f.Copy(s, &other)
			return nil
		}
	}
	return fmt.Errorf("there is no setting %q", name)
}
