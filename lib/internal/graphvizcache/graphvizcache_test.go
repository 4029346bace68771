package graphvizcache_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/essnas/essnas/lib/figure/cellgraph" // which links go-graphviz
	"github.com/janpfeifer/must"
)

// start starts this program, which initializes go-graphviz, with a temporary directory that others
// may write to, and returns what it has left there.
func start(t *testing.T, cache string) (left []os.DirEntry) {
	t.Helper()
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
