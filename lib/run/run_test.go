package run

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/janpfeifer/must"
)

func asked(settings string) Config {
	return Config{Stage: "search", Name: "search-x", Settings: json.RawMessage(settings), Data: Data{Name: "x", Checksums: map[string]string{"a": "1"}}}
}

func TestARunIsNamedByAllThatDecidesItsResult(t *testing.T) {
	base := asked(`{"epochs":1}`)
	genotype := must.M1(cell.Load("DARTS_V1"))
	for name, change := range map[string]func(c *Config){
		"stage":     func(c *Config) { c.Stage = "train" },
		"settings":  func(c *Config) { c.Settings = json.RawMessage(`{"epochs":2}`) },
		"genotype":  func(c *Config) { c.Genotype = &genotype },
		"data":      func(c *Config) { c.Data.Name = "y" },
		"sample":    func(c *Config) { c.Data.Sample = true },
		"beginning": func(c *Config) { c.From = &Origin{Checksum: "1"} },
		"checksums": func(c *Config) { c.Data.Checksums = map[string]string{"a": "2"} },
	} {
		c := base
		change(&c)
		if c.hash() == base.hash() {
			t.Errorf("another %s gives the same name", name)
		}
	}
	c := base
	c.Command, c.Started, c.Backend.Plugin, c.Cells = []string{"essnas"}, "now", "/there", "file"
	if c.hash() != base.hash() {
		t.Error("what does not decide the result changes the name")
	}
}

func TestTheSameRunIsFoundAgainAndAnotherOneIsNot(t *testing.T) {
	root := t.TempDir()
	first := must.M1(Begin(root, "", asked(`{"epochs":1}`)))
	first.Close()
	second := must.M1(Begin(root, "", asked(`{"epochs":1}`)))
	second.Close()
	if second.Dir != first.Dir || second.Config.Started != first.Config.Started {
		t.Errorf("found %s of %s, want %s of %s", second.Dir, second.Config.Started, first.Dir, first.Config.Started)
	}
	other := must.M1(Begin(root, "", asked(`{"epochs":2}`)))
	other.Close()
	if other.Dir == first.Dir {
		t.Error("other settings go to the same directory")
	}
	if _, err := Begin(root, first.Dir, asked(`{"epochs":2}`)); err == nil || !strings.Contains(err.Error(), "epochs is 1 there and 2 here") {
		t.Errorf("got %v, want an error that names the difference", err)
	}
}

func TestTwoDoNotWorkInOneRun(t *testing.T) {
	root := t.TempDir()
	first := must.M1(Begin(root, "", asked(`{}`)))
	if _, err := Begin(root, "", asked(`{}`)); err == nil || !strings.Contains(err.Error(), "another process is at work") {
		t.Errorf("got %v, want an error that says who is there", err)
	}
	first.Close()
	must.M1(Begin(root, "", asked(`{}`))).Close()
}

func TestWhatAKilledProcessLeftIsSweptUp(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "run")
	left := []string{"lock", ".config.json123", "checkpoint/.next.safetensors45", ".lease.json6762983692547910400"}
	for _, name := range left {
		must.M(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		must.M(os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o644))
	}
	must.M(os.RemoveAll(filepath.Join(dir, "checkpoint")))
	must.M1(Begin(root, dir, asked(`{}`))).Close() // killed before config.json was there
	must.M(os.MkdirAll(filepath.Join(dir, "checkpoint"), 0o755))
	must.M(os.WriteFile(filepath.Join(dir, left[2]), []byte("{"), 0o644))
	must.M1(Begin(root, dir, asked(`{}`))).Close()
	for _, name := range left[1:] {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	home := t.TempDir()
	must.M(os.WriteFile(filepath.Join(home, ".profile"), nil, 0o644))
	if _, err := Begin(root, home, asked(`{}`)); err == nil {
		t.Error("a directory with somebody's hidden files was taken for an empty one")
	}
}

// observed records events of epochs of two steps, from a place on.
func observed(t *testing.T, r *Run, epoch, step, epochs int) {
	t.Helper()
	l := r.Record()
	defer l.Close()
	must.M(l.Note("compiled"))
	must.M(l.Open(epoch, step))
	for ; epoch < epochs; epoch, step = epoch+1, 0 {
		for ; step < 2; step++ {
			must.M(l.Write(Event{Kind: event.EndOfStep, Epoch: epoch, Step: step, Metrics: event.Metrics{"loss": math.NaN()}}))
		}
		must.M(l.Write(Event{Kind: event.EndOfEpoch, Epoch: epoch, Step: 2, Best: epoch == 1, Metrics: event.Metrics{"val_loss": float64(epoch)}, Details: json.RawMessage(`{"x":1}`)}))
	}
}

// places are the events without notes.
func places(t *testing.T, r *Run) (places []string) {
	t.Helper()
	last := 0.0
	for _, e := range must.M1(r.Events()) {
		if e.Seconds < last {
			t.Errorf("time runs backwards, from %g to %g s", last, e.Seconds)
		}
		last = e.Seconds
		if e.Kind != event.Note {
			places = append(places, string(e.Kind)+" "+string(rune('0'+e.Epoch))+"."+string(rune('0'+e.Step)))
		}
	}
	return
}

func TestEventsAfterTheLastCheckpointAreWrittenAnew(t *testing.T) {
	whole := &Run{Dir: t.TempDir()}
	observed(t, whole, 0, 0, 3)
	want := strings.Join(places(t, whole), ", ")
	for _, at := range [][2]int{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {2, 1}, {3, 0}} {
		r := &Run{Dir: t.TempDir()}
		observed(t, r, 0, 0, 3)
		f := must.M1(os.OpenFile(r.Path("events.jsonl"), os.O_APPEND|os.O_WRONLY, 0))
		must.M1(f.WriteString(`{"kind":"st`)) // a kill in the middle of a line
		must.M(f.Close())
		observed(t, r, at[0], at[1], 3)
		if got := strings.Join(places(t, r), ", "); got != want {
			t.Errorf("resumed at %v: events are %s, want %s", at, got, want)
		}
	}
}

func TestADamagedFileOfARunIsNamed(t *testing.T) {
	r := must.M1(Begin(t.TempDir(), "", asked(`{}`)))
	defer r.Close()
	for name, read := range map[string]func() error{
		"result.json":   func() error { _, err := r.Result(); return err },
		"test.json":     func() error { _, err := r.Test(); return err },
		"genotype.json": func() error { _, err := r.Genotype(); return err },
		"config.json":   func() error { _, err := Open(r.Dir); return err },
		"events.jsonl":  func() error { _, err := r.Events(); return err },
	} {
		must.M(os.WriteFile(r.Path(name), []byte("{\n"), 0o644))
		if err := read(); err == nil || !strings.Contains(err.Error(), filepath.Join(r.Dir, name)) {
			t.Errorf("%s: got %v, want an error that names the file", name, err)
		}
	}
}

// What a checkpoint knows is in no line that follows: cutting it off would lose it.
func TestADamagedLineBeforeTheCheckpointIsRefusedAndOneAfterItIsCutOff(t *testing.T) {
	for _, c := range []struct {
		law         string
		line        int // that is damaged, from 1: a note, two steps and an epoch, three times
		epoch, step int
		refused     bool
	}{
		{"damaged in the first epoch, after the second", 3, 2, 0, true},
		{"damaged after the checkpoint", 6, 1, 0, false},
		{"damaged just before it", 4, 1, 0, true},
		{"begun anew", 2, 0, 0, false},
	} {
		r := &Run{Dir: t.TempDir()}
		observed(t, r, 0, 0, 3)
		lines := strings.SplitAfter(string(must.M1(os.ReadFile(r.Path("events.jsonl")))), "\n")
		lines[c.line-1] = strings.Replace(lines[c.line-1], `"kind"`, "\x00kind\"", 1)
		damaged := strings.Join(lines, "")
		must.M(os.WriteFile(r.Path("events.jsonl"), []byte(damaged), 0o644))
		if _, err := r.Events(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("line %d of", c.line)) {
			t.Errorf("%s: read with error %v", c.law, err)
		}
		l := r.Record()
		err := l.Open(c.epoch, c.step)
		l.Close()
		if (err != nil) != c.refused {
			t.Errorf("%s: opened with error %v, want one: %v", c.law, err, c.refused)
		}
		now := string(must.M1(os.ReadFile(r.Path("events.jsonl"))))
		if c.refused && now != damaged {
			t.Errorf("%s: the file has changed", c.law)
		} else if !c.refused {
			if _, err := r.Events(); err != nil {
				t.Errorf("%s: after opening: %v", c.law, err)
			}
		}
	}
}

func TestARunWithoutItsConfigIsNamedAsSuch(t *testing.T) {
	root := t.TempDir()
	r := must.M1(Begin(root, "", asked(`{}`)))
	observed(t, r, 0, 0, 1)
	r.Close()
	must.M(os.Remove(r.Path("config.json")))
	_, opened := Open(r.Dir)
	_, begun := Begin(root, "", asked(`{}`))
	for _, err := range []error{opened, begun} {
		if err == nil || !strings.Contains(err.Error(), "config.json is missing, but other files of a run exist") {
			t.Errorf("got %v, want an error that says what is missing", err)
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is not a run") {
		t.Errorf("an empty directory: %v", err)
	}
}
