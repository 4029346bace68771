package graphvizcache_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/essnas/essnas/lib/figure/cellgraph" // links go-graphviz
	"github.com/janpfeifer/must"
)

// slow skips a test that compiles Graphviz if tests are short.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a start without compiled code takes half a minute under the race detector")
	}
}

// start starts this program, which initializes go-graphviz, with a temporary directory that all
// users share, and returns the files that the program leaves there.
func start(t *testing.T, cache string) (left []os.DirEntry) {
	t.Helper()
	slow(t)
	shared := t.TempDir()
	must.M(os.Mkdir(filepath.Join(shared, "go-graphviz"), 0o555)) // another user was here
	program := exec.Command(must.M1(os.Executable()), "-test.run=^$")
	program.Env = append(os.Environ(), "TMPDIR="+shared, "ESSNAS_CACHE="+cache)
	if out, err := program.CombinedOutput(); err != nil {
		t.Fatalf("it does not start: %v\n%s", err, out)
	}
	return must.M1(os.ReadDir(filepath.Join(shared, "go-graphviz")))
}

func TestCompiledCodeIsKeptInAPrivateDirectory(t *testing.T) {
	cache := t.TempDir()
	if left := start(t, cache); len(left) > 0 {
		t.Errorf("it has left %v in the directory that all users share", left)
	}
	dir := filepath.Join(cache, "graphviz")
	if mode := must.M1(os.Stat(dir)).Mode().Perm(); mode != 0o700 {
		t.Errorf("the mode of its own directory is %v", mode)
	}
	if code := must.M1(filepath.Glob(filepath.Join(dir, "go-graphviz", "*", "*"))); len(code) != 1 {
		t.Errorf("its own directory holds %v", code)
	}
}

func TestWithoutACacheNothingIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must.M(os.WriteFile(file, nil, 0o600))
	if left := start(t, filepath.Join(file, "cache")); len(left) > 0 {
		t.Errorf("it has left %v in the directory that all users share", left)
	}
}

func TestTheTemporaryDirectoryIsTheSystemsAgain(t *testing.T) {
	before, set := os.LookupEnv("TMPDIR") // go-graphviz is initialized, and Done was called
	if set && strings.HasSuffix(before, "graphviz") || before == os.DevNull {
		t.Errorf("it is %s", before)
	}
}

// TestDamagedCodeIsReplaced damages the code in several ways. The program starts each time, and its
// next start finds whole code.
func TestDamagedCodeIsReplaced(t *testing.T) {
	cache := t.TempDir()
	start(t, cache)
	file := must.M1(filepath.Glob(filepath.Join(cache, "graphviz", "go-graphviz", "*", "*")))[0]
	whole := must.M1(os.ReadFile(file))
	for name, damage := range map[string]func(){
		"empty":     func() { must.M(os.Truncate(file, 0)) },
		"cut":       func() { must.M(os.Truncate(file, int64(len(whole)/2))) },
		"a byte":    func() { b := bytes.Clone(whole); b[len(b)/2] ^= 1; must.M(os.WriteFile(file, b, 0o600)) },
		"header":    func() { b := bytes.Clone(whole); b[0] ^= 1; must.M(os.WriteFile(file, b, 0o600)) },
		"directory": func() { must.M(os.Remove(file)); must.M(os.Mkdir(file, 0o700)) },
		"checksum":  func() { must.M(os.RemoveAll(filepath.Join(cache, "graphviz", "sums"))) },
	} {
		t.Run(name, func(t *testing.T) {
			damage()
			start(t, cache)
			if healed := must.M1(os.ReadFile(file)); len(healed) != len(whole) {
				t.Errorf("after the start it has %d bytes, want %d", len(healed), len(whole))
			}
			written := must.M1(os.Stat(file)).ModTime()
			start(t, cache)
			if !must.M1(os.Stat(file)).ModTime().Equal(written) {
				t.Error("whole code was compiled again")
			}
		})
	}
}

func TestWithoutRoomForItsCodeTheProgramStarts(t *testing.T) {
	slow(t)
	cache := t.TempDir()
	shell := exec.Command("sh", "-c", `ulimit -f 1000; exec "$0" -test.run='^$'`, must.M1(os.Executable()))
	shell.Env = append(os.Environ(), "ESSNAS_CACHE="+cache)
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("it does not start: %v\n%s", err, out)
	}
	if code := must.M1(filepath.Glob(filepath.Join(cache, "graphviz", "go-graphviz", "*", "*"))); len(code) != 0 {
		t.Errorf("its own directory holds %v", code)
	}
}

// TestFilesThatAnotherProcessWritesAreLeftAlone has a file of a live process and one of a killed
// process.
func TestFilesThatAnotherProcessWritesAreLeftAlone(t *testing.T) {
	cache := t.TempDir()
	start(t, cache)
	code := must.M1(filepath.Glob(filepath.Join(cache, "graphviz", "go-graphviz", "*", "*")))[0]
	young, old := code+".1.tmp", code+".2.tmp"
	must.M(os.WriteFile(young, nil, 0o600))
	must.M(os.WriteFile(old, nil, 0o600))
	must.M(os.Chtimes(old, time.Time{}, time.Now().Add(-2*time.Hour)))
	start(t, cache)
	if _, err := os.Stat(young); err != nil {
		t.Errorf("what another process was writing is gone: %v", err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("what a killed process has left is there for good")
	}
}
