package data

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSTL10IsReadColumnByColumn: the second pixel of the file is the one below the first.
func TestSTL10IsReadColumnByColumn(t *testing.T) {
	s := specOf(t, "stl10")
	files := fake(s, 12)
	set, err := Load("stl10", put(t, s.folder, files))
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.N != 12 || set.Test.N != 12 || set.Train.Labels[0] != 0 || set.Train.Labels[11] != 1 {
		t.Fatalf("%d and %d images, labels %v", set.Train.N, set.Test.N, set.Train.Labels)
	}
	raw, picture := files["train_X.bin"][3*96*96:], set.Train.Picture(1)
	for _, at := range [][3]int{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {95, 3, 1}, {7, 95, 2}} { // row, column, channel
		if got, want := picture[(at[0]*96+at[1])*3+at[2]], raw[at[2]*96*96+at[1]*96+at[0]]; got != want {
			t.Errorf("row, column, channel %v: %d, want %d", at, got, want)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, s.archive.name), archived(s, files), 0o644); err != nil {
		t.Fatal(err)
	}
	packed, err := Load("stl10", dir)
	if err != nil || string(packed.Test.Pixels) != string(set.Test.Pixels) || string(packed.Test.Labels) != string(set.Test.Labels) {
		t.Errorf("from the archive: %v", err)
	}
}

func TestDamagedFilesOfSTL10AreNamed(t *testing.T) {
	s := specOf(t, "stl10")
	for name, damage := range map[string]func(files map[string][]byte){
		"train_X.bin": func(files map[string][]byte) { files["train_X.bin"] = files["train_X.bin"][1:] },
		"train_y.bin": func(files map[string][]byte) { files["train_y.bin"][1] = 0 },
		"test_y.bin":  func(files map[string][]byte) { files["test_y.bin"][0] = 11 },
		"test_X.bin":  func(files map[string][]byte) { files["test_X.bin"] = nil },
	} {
		files := fake(s, 3)
		damage(files)
		if _, err := Load("stl10", put(t, s.folder, files)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
