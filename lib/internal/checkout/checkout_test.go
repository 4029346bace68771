package checkout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/janpfeifer/must"
)

// tree is a checkout with some files.
func tree(t *testing.T) Tree {
	t.Helper()
	t.Setenv("ESSNAS_ROOT", "")
	c := Tree{must.M1(filepath.EvalSymlinks(t.TempDir()))}
	for name, text := range map[string]string{
		"go.mod": "module github.com/essnas/essnas\n", "go.sum": "", "README.md": "", "lib/a.go": "", "lib/a_test.go": "", "lib/deep/er/b.c": "", "lib/testdata/x": "", "lib/.hidden": "", "notebooks/n": "",
	} {
		must.M(os.MkdirAll(filepath.Dir(filepath.Join(c.Root, name)), 0o755))
		must.M(os.WriteFile(filepath.Join(c.Root, name), []byte(text), 0o644))
	}
	return c
}

func TestACheckoutIsFoundFromAnywhereInIt(t *testing.T) {
	c := tree(t)
	for _, below := range []string{".", "lib", "lib/deep/er"} {
		t.Chdir(filepath.Join(c.Root, below))
		if found, err := Find(); err != nil || found != c {
			t.Errorf("from %s: %v, %v", below, found, err)
		}
	}
	t.Chdir(t.TempDir())
	if found, err := Find(); err == nil || !strings.Contains(err.Error(), "set ESSNAS_ROOT") {
		t.Errorf("from outside: %v, %v", found, err)
	}
	must.M(os.WriteFile("go.mod", []byte("module github.com/essnas/essnas/other\n"), 0o644))
	if found, err := Find(); err == nil {
		t.Errorf("another module is taken for it: %v", found)
	}
	t.Setenv("ESSNAS_ROOT", c.Root)
	if found, err := Find(); err != nil || found != c {
		t.Errorf("by $ESSNAS_ROOT: %v, %v", found, err)
	}
}

func TestEveryCheckoutHasAPrivateDirectoryOfItsOwn(t *testing.T) {
	t.Setenv("ESSNAS_CACHE", t.TempDir())
	one, two := tree(t), tree(t)
	dir := must.M1(one.Dir())
	if must.M1(one.Dir()) != dir || must.M1(two.Dir()) == dir {
		t.Errorf("two checkouts have %s and %s", dir, must.M1(two.Dir()))
	}
	if mode := must.M1(os.Stat(dir)).Mode().Perm(); mode != 0o700 {
		t.Errorf("its mode is %v", mode)
	}
	link := filepath.Join(t.TempDir(), "link")
	must.M(os.Symlink(one.Root, link))
	if must.M1(Tree{link}.Dir()) != dir {
		t.Error("the same checkout by another name has another directory")
	}
}

func TestSourcesAreWhatProgramsAreBuiltFrom(t *testing.T) {
	c := tree(t)
	sum := must.M1(c.Sources())
	if must.M1(c.Sources()) != sum {
		t.Fatal("the sum of untouched sources changes")
	}
	for name, source := range map[string]bool{
		"go.mod": true, "go.sum": true, "lib/a.go": true, "lib/deep/er/b.c": true,
		"README.md": false, "lib/a_test.go": false, "lib/testdata/x": false, "lib/.hidden": false, "notebooks/n": false,
	} {
		before := must.M1(c.Sources())
		must.M(os.Chtimes(filepath.Join(c.Root, name), time.Time{}, time.Unix(int64(len(name)), 0)))
		if changed := must.M1(c.Sources()) != before; changed != source {
			t.Errorf("%s was written: the sum changes is %t, want %t", name, changed, source)
		}
	}
	before := must.M1(c.Sources())
	must.M(os.Rename(filepath.Join(c.Root, "lib/a.go"), filepath.Join(c.Root, "lib/c.go")))
	if must.M1(c.Sources()) == before {
		t.Error("a source with another name has the same sum")
	}
	must.M(os.Remove(filepath.Join(c.Root, "go.sum")))
	if _, err := c.Sources(); err == nil {
		t.Error("without go.sum there is a sum")
	}
}
