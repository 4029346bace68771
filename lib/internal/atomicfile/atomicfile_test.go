package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestOnlyFilesOfDeadWritersAreRemoved: another name's temporary file and that of a writer at work
// stay.
func TestOnlyFilesOfDeadWritersAreRemoved(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{".a.json17", ".a.jsonl17", ".a.json", ".b.json17", ".a.json17x", "a.json17"} {
		if err := os.WriteFile(file(name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err := Write(file("a.json"), func(w io.Writer) error {
		if err := WriteBytes(file("a.json"), []byte("inner")); err != nil {
			return err
		}
		_, err := io.WriteString(w, "outer")
		return err
	})
	if text, _ := os.ReadFile(file("a.json")); err != nil || string(text) != "outer" {
		t.Errorf("a writer inside another: %q, %v", text, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := 6; len(names) != want {
		t.Errorf("%q are there", names)
	}
	if _, err := os.Stat(file(".a.json17")); err == nil {
		t.Error("the file of a dead writer is there")
	}
}

func TestWritersOfOneFileDoNotDisturbEachOther(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	var writers sync.WaitGroup
	for k := range 8 {
		writers.Go(func() {
			for range 200 {
				if err := WriteBytes(path, []byte{byte('0' + k), byte('0' + k)}); err != nil {
					t.Error(err)
					return
				}
				if text, err := os.ReadFile(path); err != nil || len(text) != 2 || text[0] != text[1] {
					t.Errorf("%q is read: %v", text, err)
				}
			}
		})
	}
	writers.Wait()
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files are there", len(entries))
	}
}

func TestAFailedWriteLeavesTheOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := WriteBytes(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("no more")
	err := Write(path, func(w io.Writer) error {
		io.WriteString(w, "new")
		return failure
	})
	entries, _ := os.ReadDir(filepath.Dir(path))
	if text, _ := os.ReadFile(path); !errors.Is(err, failure) || string(text) != "old" || len(entries) != 1 {
		t.Errorf("%v, %q, %d files", err, text, len(entries))
	}
}
