//go:build linux && amd64

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/essnas/essnas/lib/internal/faults"
	"github.com/janpfeifer/must"
)

// everyFault, set to a number N, strikes every Nth call; 1 strikes all of them. Without it each
// command is struck a few times.
const everyFault = "ESSNAS_FAULTS"

// struck is a command that faults strike.
type struck struct {
	name    string
	args    []string
	made    string // what it makes: a directory or a file
	prepare []string
}

var toStrike = []struck{
	{"search", []string{"search", "--run", "new", "--preset", "demo", "--channels", "4", "--k", "2", "--batch", "8", "--images", "48", "--epochs", "2"}, "new", nil},
	{"phases", []string{"search", "--run", "new", "--preset", "demo", "--channels", "4", "--k", "2", "--batch", "8", "--images", "32", "--epochs", "1", "--phases", "3/8 3/4/0.3", "--ss-factor", "0.5", "--projector", "16"}, "new", nil},
	{"training", []string{"train", "--run", "new", "--genotype", "found", "--preset", "demo", "--cells", "3", "--channels", "4", "--batch", "8", "--images", "48", "--epochs", "2"}, "new", []string{"found"}},
	{"pretraining", []string{"pretrain", "--run", "new", "--genotype", "found", "--preset", "demo", "--cells", "3", "--channels", "4", "--batch", "16", "--images", "64", "--epochs", "2"}, "new", []string{"found"}},
	{"test", []string{"test", "--run", "trained"}, "trained", []string{"trained"}},
	{"export", []string{"export", "trained", "--to", "onnx"}, "trained", []string{"trained"}},
	{"data add", []string{"data", "add", "photos", "pictures", "--data", "data"}, "data", []string{"pictures"}},
	{"study", []string{"study", "--run", "new", "--preset", "quick", "--only", "stage1,random", "--seeds", "1", "--dataset", "sample", "--transfer", "none", "--search-settings", "search.json", "--train-settings", "train.json"}, "new", []string{"search.json", "train.json"}},
}

// TestACommandThatIsStruckEndsInTheSameBitsWhenItIsGivenAgain kills commands at their file-changing
// system calls, and lets such calls fail as on a full and on a broken disk. The same command then
// ends in the same bytes, figures and page included.
func TestACommandThatIsStruckEndsInTheSameBitsWhenItIsGivenAgain(t *testing.T) {
	base := must.M1(filepath.EvalSymlinks(t.TempDir()))
	s := &shell{t: t, dir: base}
	s.pictures("pictures")
	must.M(os.WriteFile(filepath.Join(base, "search.json"), []byte(`{"channels": 4, "batch": 8, "images": 32, "epochs": 1, "cells": 3}`), 0o644))
	must.M(os.WriteFile(filepath.Join(base, "train.json"), []byte(`{"channels": 4, "batch": 8, "images": 48, "epochs": 1, "cells": 3}`), 0o644))
	for name, c := range map[string]int{"found": 0, "trained": 2} {
		args := slices.Clone(toStrike[c].args)
		args[2] = name
		if name == "trained" {
			args[slices.Index(args, "found")] = "DARTS_V2"
		}
		if out, err := typed(t, base, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	for _, c := range toStrike {
		if c.name == "study" && os.Getenv(everyFault) == "" {
			continue // minutes
		}
		t.Run(c.name, func(t *testing.T) { c.strike(t, base) })
	}
}

// strike strikes a command with each fault.
func (c struck) strike(t *testing.T, base string) {
	first, whole := c.run(t, base, faults.Fault{})
	second, _ := c.run(t, base, faults.Fault{})
	n := len(whole.Calls)
	if whole.Status != 0 || n < 3 {
		t.Fatalf("without a fault: status %d, %d calls: %s", whole.Status.ExitStatus(), n, whole.Output)
	}
	want := c.contents(first)
	stable := map[string]bool{}
	for name, text := range c.contents(second) {
		stable[name] = text == want[name]
	}
	var all []faults.Fault
	var every int
	if fmt.Sscan(os.Getenv(everyFault), &every); every < 1 {
		every = n/3 + 1
	}
	for at := 1 + (n-1)%every; at <= n; at += every { // the last call among them
		all = append(all, faults.Fault{At: at})
	}
	all = append(all, faults.Fault{At: n / 2, Errno: syscall.ENOSPC}, faults.Fault{At: n / 2, Errno: syscall.EIO})
	identical := 0
	for _, f := range all {
		what := "killed"
		if f.Errno != 0 {
			what = f.Errno.Error()
		}
		dir, r := c.run(t, base, f)
		if !r.Struck { // one call fewer than before: events are written by time
			continue
		}
		call := r.Calls[f.At-1]
		if bad := strings.Contains(r.Output, "internal error") || strings.Contains(r.Output, "goroutine "); bad || f.Errno != 0 && r.Status.Signaled() {
			t.Errorf("%s at call %d, %s: %s", what, f.At, call, r.Output)
		}
		if out, err := typed(t, dir, c.args...).CombinedOutput(); err != nil {
			t.Errorf("%s at call %d, %s: again: %v: %s", what, f.At, call, err, out)
			continue
		}
		if text := differ(want, c.contents(dir), stable); text != "" {
			t.Errorf("%s at call %d, %s: %s", what, f.At, call, text)
			continue
		}
		identical++
		os.RemoveAll(dir)
	}
	t.Logf("%s: %d file-changing calls, %d faults, %d ends identical", c.name, n, len(all), identical)
}

// run runs the command in a directory of its own with what it needs.
func (c struck) run(t *testing.T, base string, f faults.Fault) (dir string, r faults.Result) {
	dir = must.M1(os.MkdirTemp(base, "struck-"))
	for _, name := range c.prepare {
		copyTree(filepath.Join(base, name), filepath.Join(dir, name))
	}
	like := typed(t, dir, c.args...)
	r = must.M1(faults.Run(faults.Command{Args: like.Args, Dir: dir, Root: dir, Env: append(like.Env, "ESSNAS_RETUNED=1")}, f))
	return dir, r
}

func copyTree(from, to string) {
	if must.M1(os.Stat(from)).IsDir() {
		must.M(os.CopyFS(to, os.DirFS(from)))
		return
	}
	must.M(os.WriteFile(to, must.M1(os.ReadFile(from)), 0o644))
}

// contents are the files that the command has made, without what each run has of its own: times.
func (c struck) contents(dir string) map[string]string {
	all := map[string]string{}
	must.M(fs.WalkDir(os.DirFS(dir), c.made, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" {
			return err
		}
		raw := must.M1(os.ReadFile(filepath.Join(dir, path)))
		switch filepath.Ext(path) {
		case ".json":
			raw = timeless(raw)
		case ".jsonl":
			var lines [][]byte
			for line := range bytes.Lines(raw) {
				if !bytes.Contains(line, []byte(`"kind":"note"`)) {
					lines = append(lines, timeless(line))
				}
			}
			raw = bytes.Join(lines, []byte("\n"))
		case ".html":
			raw = fmt.Appendf(nil, "%d figures, %d sections", bytes.Count(raw, []byte("<svg")), bytes.Count(raw, []byte("<h2")))
		}
		all[path] = string(raw)
		return nil
	}))
	return all
}

// own are the names in JSON whose values are a run's own.
var own = []string{"seconds", "fitting", "memory", "ended", "started", "tested", "command", "room", "added"}

func timeless(raw []byte) []byte {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return raw
	}
	var strip func(v any)
	strip = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, name := range own {
				delete(v, name)
			}
			for _, w := range v {
				strip(w)
			}
		case []any:
			for _, w := range v {
				strip(w)
			}
		}
	}
	strip(value)
	return must.M1(json.Marshal(value))
}

// differ says in what files differ from those of a run that nothing has struck. Files that are not
// stable from run to run must be there.
func differ(want, got map[string]string, stable map[string]bool) string {
	for name, text := range want {
		if found, ok := got[name]; !ok {
			return name + " is missing"
		} else if stable[name] && found != text {
			return name + " is another"
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			return name + " is left"
		}
	}
	return ""
}
