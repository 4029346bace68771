package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// unpack writes the files of an archive below a directory and returns their names and modes.
func unpack(t *testing.T, archive, dir string) map[string]os.FileMode {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]os.FileMode{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names[h.Name] = h.FileInfo().Mode()
		p := filepath.Join(dir, h.Name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err == nil {
			err = os.WriteFile(p, content, h.FileInfo().Mode())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func write(t *testing.T, p, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

// made makes a bundle without plugins and unpacks it.
func made(t *testing.T) (archive, dir string, names map[string]os.FileMode) {
	t.Helper()
	cache, images := t.TempDir(), t.TempDir()
	write(t, filepath.Join(cache, "executables", "0123"), "compiled")
	write(t, filepath.Join(cache, "executables", ".new-1"), "half of it")
	write(t, filepath.Join(cache, "jupyter", "big"), "not of a node")
	for _, name := range []string{"train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"} {
		write(t, filepath.Join(images, "fashion-mnist", name+"-ubyte.gz"), name)
	}
	archive = filepath.Join(t.TempDir(), "b.tar.gz")
	m, err := Make(t.Context(), archive, Options{Program: write(t, filepath.Join(t.TempDir(), "program"), "#!/bin/sh\n"), Datasets: []string{"fashion-mnist"}, Data: images, CacheDir: cache})
	if err != nil {
		t.Fatal(err)
	}
	if m.Executables != 1 {
		t.Errorf("%d compiled programs, want 1", m.Executables)
	}
	root := t.TempDir()
	names = unpack(t, archive, root)
	return archive, filepath.Join(root, "essnas"), names
}

func TestABundleHoldsWhatANodeNeedsAndNothingElse(t *testing.T) {
	_, dir, names := made(t)
	want := map[string]os.FileMode{
		"essnas/essnas": 0o755, "essnas/bundle.json": 0o644, "essnas/SHA256SUMS": 0o644, "essnas/cache/executables/0123": 0o600,
		"essnas/data/fashion-mnist/train-images-idx3-ubyte.gz": 0o644, "essnas/data/fashion-mnist/train-labels-idx1-ubyte.gz": 0o644,
		"essnas/data/fashion-mnist/t10k-images-idx3-ubyte.gz": 0o644, "essnas/data/fashion-mnist/t10k-labels-idx1-ubyte.gz": 0o644,
	}
	for name, mode := range want {
		if got, ok := names[name]; !ok || got != mode {
			t.Errorf("%s has mode %v, want %v", name, got, mode)
		}
		delete(names, name)
	}
	if len(names) > 0 {
		t.Errorf("what else is in it: %v", names)
	}
	if n, err := Check(dir); n != 7 || err != nil {
		t.Errorf("%d files are checked, want 7: %v", n, err)
	}
}

func TestAChangedOrMissingFileOfABundleIsNamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(dir string) error
		want   string
	}{
		{"changed", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "essnas"), []byte("#!/bin/sx\n"), 0o755)
		}, "1 of 7 files are missing or differ from the archive (essnas)"},
		{"missing", func(dir string) error { return os.RemoveAll(filepath.Join(dir, "data")) }, "4 of 7 files"},
		{"a way out", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, sumsName), []byte(strings.Repeat("0", 64)+"  ../../etc/passwd\n"), 0o644)
		}, "unpack the archive anew"},
		{"no sums", func(dir string) error { return os.WriteFile(filepath.Join(dir, sumsName), nil, 0o644) }, "is empty"},
		{"no bundle", func(dir string) error { return os.Remove(filepath.Join(dir, manifestName)) }, "is not a bundle"},
	} {
		_, dir, _ := made(t)
		if err := c.damage(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := Check(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", c.name, err, c.want)
		}
	}
}

func TestEqualFilesMakeEqualArchivesAndNamesStayInside(t *testing.T) {
	var a, b bytes.Buffer
	files := []entry{{name: "x", content: []byte("1")}, {name: "y/z", content: []byte("2")}}
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := pack(t.Context(), w, files); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two archives of the same files differ")
	}
	for _, name := range []string{"../x", "/etc/x", "a\nb", "a\\b", ""} {
		if err := pack(t.Context(), io.Discard, []entry{{name: name, content: []byte("1")}}); err == nil {
			t.Errorf("%q is packed", name)
		}
	}
	if err := pack(t.Context(), io.Discard, []entry{files[0], files[0]}); err == nil {
		t.Error("two files of one name are packed")
	}
}

func TestABundleThatFailsLeavesTheEarlierOne(t *testing.T) {
	archive := write(t, filepath.Join(t.TempDir(), "b.tar.gz"), "earlier")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	program := write(t, filepath.Join(t.TempDir(), "program"), "#!/bin/sh\n")
	cache := t.TempDir()
	if _, err := Make(cancelled, archive, Options{Program: program, CacheDir: cache}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Program: filepath.Join(cache, "none"), CacheDir: cache}, "none"},
		{Options{Program: program, CacheDir: cache, Plugins: []string{"tpu"}}, "use one of cpu, cuda12, cuda13"},
		{Options{Program: program, CacheDir: cache, Datasets: []string{"imagenet"}}, "unknown data set"},
		{Options{Program: program, CacheDir: cache, Datasets: []string{"mnist"}, Data: cache}, "essnas data fetch mnist"},
	} {
		if _, err := Make(t.Context(), archive, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("the error is %v, want %q", err, c.want)
		}
	}
	if text, err := os.ReadFile(archive); string(text) != "earlier" {
		t.Errorf("the archive is now %q, %v", text, err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(archive)); len(entries) != 1 {
		t.Errorf("left over: %v", entries)
	}
	if _, err := Make(t.Context(), cache, Options{}); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a directory as archive: %v", err)
	}
}

// TestLibrariesAreFoundAsTheLoaderDoes: of this very test program, which is linked with the C
// library alone, and of a library of C++.
func TestLibrariesAreFoundAsTheLoaderDoes(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	libraries, glibc, err := needed([]entry{{name: "essnas", path: self}})
	if err != nil || len(libraries) != 0 || !strings.HasPrefix(glibc, "2.") {
		t.Errorf("this program needs %v, glibc %s, %v", libraries, glibc, err)
	}
	cpp := find("libstdc++.so.6")
	if cpp == "" {
		t.Skip("there is no libstdc++ here")
	}
	libraries, _, err = needed([]entry{{name: "plugin.so", path: cpp}})
	if err != nil || len(libraries) != 1 || libraries[0].name != "lib/libgcc_s.so.1" {
		t.Errorf("libstdc++ needs %v, %v; want libgcc_s", libraries, err)
	}
}

func TestABundleIsUsedUnlessTheEnvironmentNamesOtherDirectories(t *testing.T) {
	_, dir, _ := made(t)
	t.Setenv("ESSNAS_CACHE", "")
	t.Setenv("ESSNAS_DATA", "/elsewhere")
	use(dir)
	if got := os.Getenv("ESSNAS_CACHE"); got != filepath.Join(dir, "cache") {
		t.Errorf("the cache is %q", got)
	}
	if got := os.Getenv("ESSNAS_DATA"); got != "/elsewhere" {
		t.Errorf("the data are in %q", got)
	}
	if Dir() != "" {
		t.Errorf("this test lies in the bundle %s", Dir())
	}
}
