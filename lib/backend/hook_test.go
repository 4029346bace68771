package backend

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/pjrt"
)

func TestASecondProcessCompilesNothing(t *testing.T) {
	run := task{Choice: cpuPlugin(t), CacheDir: t.TempDir()}
	cold := run.compute(t)
	if cold.Stats.Compiled != programs || cold.Stats.Loaded != 0 || len(cold.Stats.Notes) != 0 {
		t.Errorf("an empty cache: %+v", cold.Stats)
	}
	warm := run.compute(t)
	if warm.Stats.Compiled != 0 || warm.Stats.Loaded != programs || len(warm.Stats.Notes) != 0 {
		t.Errorf("a full cache: %+v", warm.Stats)
	}
	run.NoCache = true
	never := run.compute(t)
	if never.Stats.Compiled != programs || never.Stats.Loaded != 0 || never.Stats.BytesWritten != 0 {
		t.Errorf("no cache: %+v", never.Stats)
	}
	if cold.Bits != warm.Bits || cold.Bits != never.Bits {
		t.Errorf("other bits: compiled %s, loaded %s, without a cache %s", cold.Bits, warm.Bits, never.Bits)
	}
	if info, err := os.Stat(pjrt.Dir(run.CacheDir)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is not private: %v %v", info.Mode(), err)
	}
	run.NoCache, run.Devices = false, 2
	two := run.compute(t)
	if two.Devices != 2 || two.Bits != cold.Bits {
		t.Errorf("%d devices with bits %s, want 2 with %s", two.Devices, two.Bits, cold.Bits)
	}
}

func TestADamagedCacheCostsTimeNotCorrectness(t *testing.T) {
	run := task{Choice: cpuPlugin(t), CacheDir: t.TempDir()}
	dir := pjrt.Dir(run.CacheDir)
	want := run.compute(t).Bits
	cases := []struct {
		name   string
		damage func(path string, b []byte) error
		mends  bool // the next process finds all of it mended
	}{
		{"truncated", func(path string, b []byte) error { return os.WriteFile(path, b[:len(b)/2], 0o600) }, true},
		{"one bit is wrong", func(path string, b []byte) error {
			b[len(b)/2] ^= 4
			return os.WriteFile(path, b, 0o600)
		}, true},
		{"whole, but not an executable", func(path string, b []byte) error {
			// behind magic, key and time
			other := append(b[:8+32+8:8+32+8], "from somewhere else"...)
			sum := sha256.Sum256(other)
			return os.WriteFile(path, append(other, sum[:]...), 0o600)
		}, true},
		{"a directory in its place", func(path string, b []byte) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o700)
		}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(dir, "*"))
			if err != nil || len(files) != programs {
				t.Fatal(files, err)
			}
			for _, f := range files {
				b, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				if err := c.damage(f, b); err != nil {
					t.Fatal(err)
				}
			}
			a := run.compute(t)
			if a.Bits != want || a.Stats.Compiled != programs || len(a.Stats.Notes) == 0 {
				t.Errorf("bits %s, want %s: %+v", a.Bits, want, a.Stats)
			}
			if a = run.compute(t); c.mends && (a.Stats.Loaded != programs || len(a.Stats.Notes) != 0) {
				t.Errorf("not mended: %+v", a.Stats)
			}
		})
	}
}

func TestExecutablesAreNotTakenForOneAnother(t *testing.T) {
	run := task{Choice: cpuPlugin(t), CacheDir: t.TempDir()}
	want := run.compute(t).Bits
	files, _ := filepath.Glob(filepath.Join(pjrt.Dir(run.CacheDir), "*"))
	first, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files { // each gets the content of the next
		content := first
		if i+1 < len(files) {
			if content, err = os.ReadFile(files[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(f, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if a := run.compute(t); a.Bits != want || a.Stats.Loaded != 0 {
		t.Errorf("bits %s, want %s: %+v", a.Bits, want, a.Stats)
	}
}

func TestWithoutAWritableCacheItComputes(t *testing.T) {
	plugin := cpuPlugin(t)
	want := task{Choice: plugin, NoCache: true}.compute(t).Bits
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	readOnly := t.TempDir()
	if err := os.Chmod(readOnly, 0o500); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		task task
		root bool // root can write all the same
	}{
		{"below a file", task{CacheDir: filepath.Join(file, "cache")}, true},
		{"in a directory of the kernel", task{CacheDir: "/proc/essnas"}, true},
		{"in a read-only directory", task{CacheDir: readOnly}, false},
		{"on a full disk", task{CacheDir: t.TempDir(), FileSize: 100}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if !c.root && os.Geteuid() == 0 {
				t.Skip("root writes anywhere")
			}
			c.task.Choice = plugin
			a := c.task.compute(t)
			if a.Bits != want || a.Stats.Compiled != programs {
				t.Errorf("bits %s, want %s: %+v", a.Bits, want, a.Stats)
			}
			if len(a.Stats.Notes) != 1 || !strings.Contains(a.Stats.Notes[0], "executables are no") {
				t.Errorf("notes: %q", a.Stats.Notes)
			}
			if left, _ := filepath.Glob(filepath.Join(pjrt.Dir(c.task.CacheDir), "*")); len(left) != 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func TestDumpsAreWrittenEachTime(t *testing.T) {
	run := task{Choice: cpuPlugin(t), CacheDir: t.TempDir()}
	for range 2 {
		dumps := t.TempDir()
		a := run.compute(t, "XLA_FLAGS=--xla_dump_to="+dumps)
		if files, _ := filepath.Glob(filepath.Join(dumps, "*")); len(files) == 0 || a.Stats.Loaded != 0 || len(a.Stats.Notes) != 1 {
			t.Errorf("%d dumps, %+v", len(files), a.Stats)
		}
	}
}
