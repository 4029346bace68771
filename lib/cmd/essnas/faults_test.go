//go:build linux && amd64

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/internal/faults"
	"github.com/essnas/essnas/lib/internal/lease"
	"github.com/janpfeifer/must"
)

// Variables of the long forms of these tests, which take hours: everyFault=N strikes every Nth call
// of every command, and 1 all of them; kills=N kills every command N times at random moments.
const (
	everyFault = "ESSNAS_FAULTS"
	kills      = "ESSNAS_KILLS"
)

// struck is a command that faults strike.
type struck struct {
	name    string
	args    []string
	made    string // a directory with all that it makes
	prepare []string
	short   bool // struck in the short form, too
}

var toStrike = []struck{
	{"search", []string{"search", "--run", "new", "--preset", "demo", "--channels", "4", "--k", "2", "--batch", "4", "--images", "16", "--cells", "3", "--states", "2", "--epochs", "2"}, "new", nil, true},
	{"phases", []string{"search", "--run", "new", "--preset", "demo", "--channels", "4", "--k", "2", "--batch", "4", "--images", "16", "--states", "2", "--epochs", "1", "--phases", "3/8 3/4/0.3", "--ss-factor", "0.5", "--projector", "16"}, "new", nil, false},
	{"training", []string{"train", "--run", "new", "--genotype", "DARTS_V2", "--preset", "demo", "--cells", "3", "--channels", "4", "--batch", "8", "--images", "32", "--epochs", "2"}, "new", nil, true},
	{"pretraining", []string{"pretrain", "--run", "new", "--genotype", "DARTS_V2", "--preset", "demo", "--cells", "3", "--channels", "4", "--batch", "16", "--images", "48", "--epochs", "2"}, "new", nil, false},
	{"test", []string{"test", "--run", "trained"}, "trained", []string{"trained"}, false},
	{"export", []string{"export", "trained", "--to", "onnx"}, "trained", []string{"trained"}, true},
	{"data add", []string{"data", "add", "photos", "pictures", "--data", "data"}, "data", []string{"pictures"}, true},
	{"study", []string{"study", "--run", "new", "--preset", "quick", "--only", "stage1,random", "--seeds", "1", "--random-cells", "1", "--dataset", "sample", "--transfer", "none", "--search-settings", "search.json", "--train-settings", "train.json"}, "new", []string{"search.json", "train.json"}, false},
}

// prepareToStrike makes what the commands need.
func prepareToStrike(t *testing.T) (base string) {
	base = must.M1(filepath.EvalSymlinks(t.TempDir()))
	s := &shell{t: t, dir: base}
	s.pictures("pictures")
	must.M(os.WriteFile(filepath.Join(base, "search.json"), []byte(`{"channels": 8, "batch": 4, "images": 16, "epochs": 1, "cells": 3, "states": 2}`), 0o644))
	must.M(os.WriteFile(filepath.Join(base, "train.json"), []byte(`{"channels": 4, "batch": 8, "images": 32, "epochs": 1, "cells": 3}`), 0o644))
	args := slices.Clone(toStrike[2].args)
	args[2] = "trained"
	if out, err := typed(t, base, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
	return base
}

// TestACommandThatIsStruckEndsInTheSameBitsWhenItIsGivenAgain kills commands at their file-changing
// system calls, and lets such calls fail as on a full and on a broken disk. The same command then
// ends in the same bytes, figures and page included.
func TestACommandThatIsStruckEndsInTheSameBitsWhenItIsGivenAgain(t *testing.T) {
	t.Parallel()
	base := prepareToStrike(t)
	var every int
	fmt.Sscan(os.Getenv(everyFault), &every)
	for _, c := range toStrike {
		if !c.short && every < 1 {
			continue // minutes
		}
		t.Run(c.name, func(t *testing.T) {
			want, n := c.whole(t, base)
			for kind, errno := range map[string]syscall.Errno{"killed": 0, "full disk": syscall.ENOSPC, "broken disk": syscall.EIO} {
				t.Run(kind, func(t *testing.T) {
					at := every
					if every < 1 { // a call of its own for each kind
						at = max(1, n*(1+int(errno)%3)/3)
					}
					identical, all := 0, 0
					for i := at; i <= n; i += at {
						all++
						if c.strike(t, base, want, faults.Fault{At: i, Errno: errno}) {
							identical++
						}
						if every < 1 {
							break
						}
					}
					t.Logf("%s, %s: %d of %d ends identical, of %d file-changing calls", c.name, kind, identical, all, n)
				})
			}
		})
	}
}

// TestACommandThatIsKilledAtRandomEndsInTheSameBits is the long form of
// TestARunEndsInTheSameBitsHoweverOftenItIsKilled: for all commands, with figures and page.
func TestACommandThatIsKilledAtRandomEndsInTheSameBits(t *testing.T) {
	var times int
	if fmt.Sscan(os.Getenv(kills), &times); times < 1 {
		t.Skip("set " + kills)
	}
	base := prepareToStrike(t)
	for _, c := range toStrike {
		t.Run(c.name, func(t *testing.T) {
			c.whole(t, base) // compiles
			start := time.Now()
			want, _ := c.whole(t, base)
			took := time.Since(start)
			identical, ends, killed := 0, 0, 0
			for killed < times {
				dir := c.directory(base)
				for again := 1 + rand.IntN(3); again > 0 && killed < times; again-- {
					command := typed(t, dir, c.args...)
					must.M(command.Start())
					time.Sleep(time.Duration(rand.Float64() * float64(took)))
					command.Process.Kill()
					if command.Wait(); !command.ProcessState.Exited() {
						killed++
					}
				}
				ends++
				if c.again(t, dir, want, fmt.Sprintf("after %d kills", killed)) {
					identical++
				}
			}
			t.Logf("%s: %d kills, %d of %d ends identical", c.name, killed, identical, ends)
		})
	}
}

// whole is what the command makes if nothing strikes it, and how many file-changing calls it has.
func (c struck) whole(t *testing.T, base string) (contents map[string]string, calls int) {
	dir, r := c.run(t, base, faults.Fault{})
	if r.Status != 0 || len(r.Calls) < 3 {
		t.Fatalf("without a fault: status %d, %d calls: %s", r.Status.ExitStatus(), len(r.Calls), r.Output)
	}
	defer os.RemoveAll(dir)
	return c.contents(dir), len(r.Calls)
}

// strike strikes the command and gives it again. It reports whether it then ends as it should.
func (c struck) strike(t *testing.T, base string, want map[string]string, f faults.Fault) bool {
	dir, r := c.run(t, base, f)
	if !r.Struck { // one call fewer than before: events are written by time
		os.RemoveAll(dir)
		return true
	}
	at := fmt.Sprintf("struck (%d) at call %d, %s", int(f.Errno), f.At, r.Calls[f.At-1])
	if bad := strings.Contains(r.Output, "internal error") || strings.Contains(r.Output, "goroutine "); bad || f.Errno != 0 && r.Status.Signaled() {
		t.Errorf("%s: %s", at, r.Output)
		return false
	}
	return c.again(t, dir, want, at)
}

// again gives the command again after a fault.
func (c struck) again(t *testing.T, dir string, want map[string]string, at string) bool {
	if out, err := typed(t, dir, c.args...).CombinedOutput(); err != nil {
		t.Errorf("%s: again: %v: %s", at, err, out)
		return false
	}
	if text := differ(want, c.contents(dir)); text != "" {
		t.Errorf("%s: %s (%s)", at, text, dir)
		return false
	}
	os.RemoveAll(dir)
	return true
}

// directory makes a directory with what the command needs.
func (c struck) directory(base string) string {
	dir := must.M1(os.MkdirTemp(base, "struck-"))
	for _, name := range c.prepare {
		copyTree(filepath.Join(base, name), filepath.Join(dir, name))
	}
	return dir
}

// run runs the command in a directory of its own with what it needs.
func (c struck) run(t *testing.T, base string, f faults.Fault) (dir string, r faults.Result) {
	dir = c.directory(base)
	like := typed(t, dir, c.args...)
	r = must.M1(faults.Run(faults.Command{Args: like.Args, Dir: dir, Root: dir, Env: like.Env}, f))
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
		// a lease that stays becomes stale
		if err != nil || d.IsDir() || d.Name() == "lock" || d.Name() == lease.LeaseName {
			return err
		}
		switch {
		case strings.HasPrefix(d.Name(), "pareto.") || strings.HasPrefix(d.Name(), "search-time."):
			all[path] = "measured times"
			return nil
		case d.Name() == "results.csv":
			all[path], _ = untimed(filepath.Join(dir, filepath.Dir(path)))
			return nil
		case d.Name() == "results.json":
			var study struct {
				Trials []json.RawMessage `json:"trials"` // the claims compare times as well
			}
			must.M(json.Unmarshal(must.M1(os.ReadFile(filepath.Join(dir, path))), &study))
			for _, trial := range study.Trials {
				all[path] += string(timeless(trial))
			}
			return nil
		}
		raw := bytes.ReplaceAll(must.M1(os.ReadFile(filepath.Join(dir, path))), []byte(dir), []byte("DIR"))
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
var own = []string{"seconds", "search_seconds", "fitting", "memory", "ended", "started", "tested", "command", "room", "added"}

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

// differ says in what files differ from those of a run that nothing has struck.
func differ(want, got map[string]string) string {
	for name, text := range want {
		if found, ok := got[name]; !ok {
			return name + " is missing"
		} else if found != text {
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
