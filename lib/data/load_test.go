package data

import (
	"archive/tar"
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEveryPixelComesFromItsPlaceInTheFile(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			s := specOf(t, name)
			files := fake(s, 23)
			set, err := Load(name, put(t, s.folder, files))
			if err != nil {
				t.Fatal(err)
			}
			last := s.train[len(s.train)-1].images.name
			im, i := set.Train, 22 // the last image of the last file
			if want := 23 * len(s.train); im.N != want || len(im.Labels) != want {
				t.Fatalf("%d images, %d labels, want %d", im.N, len(im.Labels), want)
			}
			picture := im.Picture(im.N - 23 + i)
			area := s.side * s.side
			for c := range s.channels {
				for k := range area {
					var want byte
					if s.columns {
						want = files[last][i*3*area+c*area+k%s.side*s.side+k/s.side]
					} else if s.matlab {
						variables, err := readMatlab(files[last], 1<<30)
						if err != nil {
							t.Fatal(err)
						}
						want = variables["X"].data[i*3*area+c*area+k%s.side*s.side+k/s.side]
					} else if s.channels == 1 {
						raw, _ := gunzip(files[last], 1<<30)
						want = raw[16+i*area+k]
					} else {
						header := 1 + min(s.coarse, 1)
						want = files[last][i*(header+3*area)+header+c*area+k]
					}
					if picture[k*s.channels+c] != want {
						t.Fatalf("pixel %d of channel %d is %d, want %d", k, c, picture[k*s.channels+c], want)
					}
				}
			}
			if got, want := im.Labels[im.N-1], byte(22%len(s.classes)); got != want {
				t.Errorf("label %d, want %d", got, want)
			}
			if len(set.Checksums) != len(files) {
				t.Errorf("%d checksums of %d files", len(set.Checksums), len(files))
			}
		})
	}
}

func TestWhereFilesLieMakesNoDifference(t *testing.T) {
	for _, name := range []string{"cifar10", "cifar100"} {
		s := specOf(t, name)
		files := fake(s, 11)
		want, err := Load(name, put(t, s.folder, files))
		if err != nil {
			t.Fatal(err)
		}
		for place, dir := range map[string]string{
			"in the directory itself": put(t, "", files),
			"in the archive":          put(t, "", map[string][]byte{s.archive.name: archived(s, files)}),
		} {
			got, err := Load(name, dir)
			if err != nil {
				t.Fatalf("%s %s: %v", name, place, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s: %s", name, place, diff)
			}
		}
	}
	s := specOf(t, "fashion-mnist")
	files := fake(s, 11)
	unpacked := map[string][]byte{}
	for name, b := range files {
		raw, err := gunzip(b, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		unpacked[name] = raw
	}
	want, err := Load(s.name, put(t, s.folder, files))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Load(s.name, put(t, s.folder, unpacked))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Train, got.Train); diff != "" {
		t.Errorf("unpacked by a browser: %s", diff)
	}
}

// Each kind of damage gives one sentence that names the file.
func TestDamageIsNamed(t *testing.T) {
	s10, s100, fm := specOf(t, "cifar10"), specOf(t, "cifar100"), specOf(t, "fashion-mnist")
	images, labels := fm.train[0].images.name, fm.train[0].labels.name
	zeros := func(n int) []byte { return make([]byte, n) }
	for _, test := range []struct {
		name   string
		set    spec
		file   string
		damage func(b []byte) []byte // nil: the file is removed
		says   string
	}{
		{"truncated", s10, "data_batch_3.bin", func(b []byte) []byte { return b[:len(b)-1] }, "not a whole number of records of 3073 bytes"},
		{"empty", s10, "test_batch.bin", func([]byte) []byte { return nil }, "has 0 bytes"},
		{"a byte too many", s10, "test_batch.bin", func(b []byte) []byte { return append(b, 0) }, "not a whole number"},
		{"missing", s10, "data_batch_5.bin", nil, "is missing"},
		{"label 10 of 10", s10, "data_batch_2.bin", func(b []byte) []byte { b[4*3073] = 10; return b }, "image 4 the label 10, but CIFAR-10 has 10 classes"},
		{"an image too many", s10, "data_batch_1.bin", func([]byte) []byte { return zeros(10001 * 3073) }, "more than the official file"},
		{"CIFAR-10 as CIFAR-100", s100, "train.bin", func([]byte) []byte { return zeros(5 * 3073) }, "records of 3074 bytes"},
		{"coarse label", s100, "train.bin", func(b []byte) []byte { b[0] = 20; return b }, "coarse label 20"},
		{"fine label", s100, "test.bin", func(b []byte) []byte { b[1] = 100; return b }, "label 100, but CIFAR-100 has 100 classes"},
		{"missing", s100, "test.bin", nil, "is missing"},
		{"truncated gzip", fm, images, func(b []byte) []byte { return b[:len(b)/2] }, "is cut short"},
		{"gzip without its checksum", fm, images, func(b []byte) []byte { return b[:len(b)-5] }, "is cut short"},
		{"broken gzip", fm, images, func(b []byte) []byte { b[len(b)-6] ^= 1; return b }, "is damaged"},
		{"broken gzip header", fm, images, func(b []byte) []byte { return b[:3] }, "not a whole gzip file"},
		{"a web page", fm, images, func([]byte) []byte { return []byte("<html>no such file</html>") }, "magic number 0x3c68746d"},
		{"labels instead of images", fm, images, func([]byte) []byte { return zip(idx(zeros(20), 20)) }, "magic number 0x00000801 instead of 0x00000803"},
		{"too short for a header", fm, labels, func([]byte) []byte { return zip([]byte{0, 0, 8}) }, "less than the header's 8"},
		{"truncated IDX", fm, images, func([]byte) []byte { return zip(idx(zeros(19*784), 20, 28, 28)) }, "announces 20 entries"},
		{"IDX with a tail", fm, labels, func([]byte) []byte { return zip(idx(zeros(21), 20)) }, "1 bytes too many"},
		{"no images", fm, images, func([]byte) []byte { return zip(idx(nil, 0, 28, 28)) }, "has no entries"},
		{"other size", fm, images, func([]byte) []byte { return zip(idx(zeros(20*1024), 20, 32, 32)) }, "side of 32 pixels, where 28"},
		{"4 G images", fm, images, func([]byte) []byte { return zip(idx(zeros(784), 0xffffffff, 28, 28)) }, "announces 4294967295 entries"},
		{"fewer labels", fm, labels, func([]byte) []byte { return zip(idx(zeros(19), 19)) }, "19 labels for 20 images"},
		{"label 10 of 10", fm, labels, func([]byte) []byte { return zip(idx(append(zeros(19), 10), 20)) }, "image 19 the label 10"},
		{"a bomb", fm, labels, func([]byte) []byte { return zip(zeros(1 << 20)) }, "unpacks to more than"},
		{"missing labels", fm, labels, nil, "is missing"},
		{"missing images", fm, "t10k-images-idx3-ubyte.gz", nil, "is missing"},
	} {
		t.Run(test.set.name+" "+test.name, func(t *testing.T) {
			files := fake(test.set, 20)
			if _, ok := files[test.file]; !ok {
				t.Fatalf("no file %s", test.file)
			}
			if test.damage == nil {
				delete(files, test.file)
			} else {
				files[test.file] = test.damage(files[test.file])
			}
			dir := put(t, test.set.folder, files)
			for function, load := range map[string]func(name, dir string) error{
				"Load":  func(n, d string) error { _, err := Load(n, d); return err },
				"Open":  func(n, d string) error { _, err := Open(n, d); return err },
				"Check": func(n, d string) error { _, err := Check(n, d); return err },
			} {
				err := load(test.set.name, dir)
				if err == nil {
					t.Fatalf("%s: no error", function)
				}
				for _, part := range []string{filepath.Join(dir, test.set.folder, test.file) + " ", test.says, "essnas data fetch " + test.set.name} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%s: %q does not contain %q", function, err, part)
					}
				}
				if strings.ContainsAny(err.Error(), "\n") {
					t.Errorf("%s: more than a sentence: %q", function, err)
				}
			}
		})
	}
}

func TestADamagedArchiveIsNamed(t *testing.T) {
	s := specOf(t, "cifar100")
	good := archived(s, fake(s, 5))
	inside := path100("train.bin")
	for name, test := range map[string]struct {
		archive []byte
		says    string
	}{
		"cut short":           {good[:len(good)-100], "is cut short"},
		"not gzip":            {[]byte("<html>"), "not a .tar.gz archive"},
		"not tar":             {zip([]byte(strings.Repeat("no", 600))), "can't be unpacked"},
		"checksum":            {flipByte(good, len(good)-7), "can't be unpacked"},
		"a member is missing": {archived(s, map[string][]byte{"train.bin": fake(s, 5)["train.bin"]}), "test.bin is missing"},
		"a path with ..":      {tgz(entry{name: "cifar-100-binary/../../x"}), "outside its folder"},
		"an absolute path":    {tgz(entry{name: "/tmp/x"}), "outside its folder"},
		"a backslash":         {tgz(entry{name: `..\x`}), "outside its folder"},
		"a symbolic link":     {tgz(entry{name: inside, kind: tar.TypeSymlink}), "neither file nor folder"},
		"a hard link":         {tgz(entry{name: inside, kind: tar.TypeLink}), "neither file nor folder"},
		"a device":            {tgz(entry{name: inside, kind: tar.TypeChar}), "neither file nor folder"},
		"a bomb":              {tgz(entry{name: inside, size: 50001 * 3074}), "more than the official file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := put(t, "", map[string][]byte{s.archive.name: test.archive})
			_, err := Load(s.name, dir)
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range []string{filepath.Join(dir, s.archive.name), test.says} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not contain %q", err, part)
				}
			}
			to := t.TempDir()
			if err := s.unpack(t.Context(), filepath.Join(dir, s.archive.name), to); err == nil && name != "a member is missing" {
				t.Error("it can be unpacked")
			}
			found, err := filepath.Glob(filepath.Join(filepath.Dir(to), "x"))
			if err != nil || len(found) > 0 {
				t.Error("a file got out of the folder", found, err)
			}
		})
	}
}

func path100(name string) string { return "cifar-100-binary/" + name }

func flipByte(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func TestNothingThereNamesBothRemedies(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("ESSNAS_DATA", "")
	t.Setenv("ESSNAS_CACHE", dir)
	for _, name := range Names() {
		for _, where := range []string{"", dir} {
			_, err := Load(name, where)
			if !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("%s: error is %v", name, err)
			}
			for _, part := range []string{"essnas data fetch " + name, "--data", "ESSNAS_DATA", dir} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not contain %q", err, part)
				}
			}
		}
	}
	if _, err := Load("imagenet", ""); err == nil || !strings.Contains(err.Error(), "cifar10, cifar100, fashion-mnist") {
		t.Errorf("unknown name: %v", err)
	}
}

func TestTheSampleStandsInWhereNoDataSetIsNamed(t *testing.T) {
	fm := specOf(t, "fashion-mnist")
	there, empty := put(t, fm.folder, fake(fm, 20)), t.TempDir()
	t.Setenv("ESSNAS_DATA", "")
	t.Setenv("ESSNAS_CACHE", empty)
	for _, test := range []struct {
		name, dir string
		sample    bool
		fails     bool
	}{
		{"", "", true, false},
		{"", empty, true, false},
		{"fashion-mnist", "", false, true},
		{"fashion-mnist", empty, false, true},
		{"fashion-mnist", there, false, false},
		{"", there, false, false},
		{"sample", there, true, false},
		{"cifar10", empty, false, true},
		{"cifar100", there, false, true},
		{"fashion-mnist", filepath.Join(empty, "nowhere"), false, true},
	} {
		set, err := Open(test.name, test.dir)
		if (err != nil) != test.fails {
			t.Errorf("Open(%q, %q): %v", test.name, test.dir, err)
		} else if err == nil && set.Sample != test.sample {
			t.Errorf("Open(%q, %q): sample is %t", test.name, test.dir, set.Sample)
		}
	}
	t.Setenv("ESSNAS_DATA", there)
	if set, err := Open("", ""); err != nil || set.Sample {
		t.Errorf("with $ESSNAS_DATA: %v", err)
	}
	t.Setenv("ESSNAS_DATA", filepath.Join(there, "nowhere"))
	if _, err := Open("", ""); err == nil {
		t.Error("$ESSNAS_DATA that does not exist passes")
	}
}

func TestTheVersionIsThatOfTheFiles(t *testing.T) {
	t.Setenv("ESSNAS_DATA", "")
	for _, name := range Names() {
		s := specOf(t, name)
		dir := put(t, s.folder, fake(s, 5))
		version := func(dir string) string {
			v, err := Version(name, dir)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		first := version(dir)
		if version(dir) != first {
			t.Errorf("%s: the version of untouched files changes", name)
		}
		if version(put(t, s.folder, fake(s, 5))) == first {
			t.Errorf("%s: files in another directory have the same version", name)
		}
		for _, f := range s.files() {
			before, path := version(dir), filepath.Join(dir, s.folder, f.name)
			if err := os.Chtimes(path, time.Time{}, time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
			if version(dir) == before {
				t.Errorf("%s: another %s has the same version", name, f.name)
			}
		}
		if s.archive.url == "" {
			continue
		}
		dir = t.TempDir()
		archive := filepath.Join(dir, s.archive.name)
		if err := os.WriteFile(archive, archived(s, fake(s, 5)), 0o600); err != nil {
			t.Fatal(err)
		}
		before := version(dir)
		if err := os.Truncate(archive, 100); err != nil {
			t.Fatal(err)
		}
		if version(dir) == before {
			t.Errorf("%s: another archive has the same version", name)
		}
	}
}

func TestTheSampleIsBalanced(t *testing.T) {
	set, err := Sample()
	if err != nil {
		t.Fatal(err)
	}
	if !set.Sample || set.Name != "fashion-mnist" || len(set.Classes) != 10 || !strings.Contains(set.Title, "sample") {
		t.Errorf("%q, %q, sample %t, %d classes", set.Name, set.Title, set.Sample, len(set.Classes))
	}
	for i, n := range set.Train.Histogram(10) {
		if m := set.Test.Histogram(10)[i]; n != 400 || m != 100 {
			t.Errorf("class %d has %d + %d images, want 400 + 100", i, n, m)
		}
	}
	size := int64(0)
	files, err := sample.ReadDir("sample")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > 3<<20 {
		t.Errorf("the sample has %d bytes", size)
	}
	if _, err := os.Stat("sample/LICENSE.txt"); err != nil {
		t.Error(err)
	}
}

func TestMeanAndDeviationByHand(t *testing.T) {
	// Channel 0: 0, 255, 0, 255; channel 1: 51 everywhere but once 102.
	mean, std := moments(Images{N: 2, Height: 1, Width: 2, Channels: 2, Pixels: []uint8{0, 51, 255, 51, 0, 102, 255, 51}})
	if want := []float32{0.5, 0.25}; !slices.Equal(mean, want) {
		t.Errorf("mean %v, want %v", mean, want)
	}
	// Deviations of channel 1 from 0.25: three times 0.05, once 0.15: sqrt((3*0.0025+0.0225)/4).
	if want := []float32{0.5, 0.08660254}; !slices.Equal(std, want) {
		t.Errorf("std %v, want %v", std, want)
	}
	black := Set{Title: "Black", Train: Images{N: 1, Height: 1, Width: 1, Channels: 1, Pixels: []uint8{7}}}
	if _, err := black.finish(); err == nil {
		t.Error("one grey passes: division by 0")
	}
}

func TestClassesAreTheAuthors(t *testing.T) {
	for name, n := range map[string]int{"cifar10": 10, "cifar100": 100, "fashion-mnist": 10} {
		c := specOf(t, name).classes
		unique := slices.Sorted(maps.Keys(maps.Collect(func(yield func(string, bool) bool) {
			for _, s := range c {
				if !yield(s, true) {
					return
				}
			}
		})))
		if len(unique) != n || len(c) != n {
			t.Errorf("%s has %d classes, %d different", name, len(c), len(unique))
		}
		if name == "cifar100" && !slices.Equal(c, unique) {
			t.Error("CIFAR-100's labels are in alphabetical order")
		}
	}
}
