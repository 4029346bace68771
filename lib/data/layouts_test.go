package data

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The batches and the records are those of testdata/python.py, which Python's own unpickler agrees
// with.
func TestBatchesOfThePythonVersionAreReadAsRecords(t *testing.T) {
	for name, s := range map[string]spec{"cifar10": cifar10(), "cifar100": cifar100()} {
		batch, err := os.ReadFile("testdata/python/" + name + "_batch")
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile("testdata/python/" + name + "_batch.bin")
		if err != nil {
			t.Fatal(err)
		}
		b, err := parseBatch(batch)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.records(b); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: other records (%v)", name, err)
		}
		dir := t.TempDir()
		for _, f := range s.files() {
			path := filepath.Join(dir, s.pickled, strings.TrimSuffix(f.name, ".bin"))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, batch, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		set, err := Open(name, dir)
		if err != nil {
			t.Fatal(err)
		}
		if set.Test.N != 3 || set.Train.N != 3*len(s.train) || set.Test.Labels[1] != b2(want, s) || set.Test.Pixels[0] != want[len(want)/3-3072] {
			t.Errorf("%s: %d training and %d test images, labels %v", name, set.Train.N, set.Test.N, set.Test.Labels)
		}
		if _, err := Version(name, dir); err != nil {
			t.Error(err)
		}
		if r, err := Check(name, dir); err != nil || r.Origin() != Unknown {
			t.Errorf("check: %+v, %v", r, err)
		}
	}
}

// b2 is the label of the second record.
func b2(records []byte, s spec) uint8 {
	at := len(records) / 3
	if s.coarse > 0 {
		at++
	}
	return records[at]
}

func TestAPickleThatCallsSomethingIsRefused(t *testing.T) {
	whole, err := os.ReadFile("testdata/python/cifar10_batch")
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{
		"a call":          []byte("\x80\x02cos\nsystem\nq\x00U\x02lsq\x01\x85q\x02Rq\x03."),
		"another class":   bytes.Replace(whole, []byte("cnumpy\nndarray\n"), []byte("cbuiltins\nev\n"), 1),
		"cut short":       whole[:len(whole)-10],
		"more behind":     append(bytes.Clone(whole), '.'),
		"another type":    bytes.Replace(whole, []byte("u1"), []byte("f8"), 1),
		"protocol 4":      append([]byte("\x80\x04"), whole[2:]...),
		"empty":           nil,
		"a large text":    []byte("\x80\x02T\xff\xff\xff\x7fab."),
		"a negative text": []byte("\x80\x02T\xff\xff\xff\xffab."),
	} {
		if _, err := parseBatch(raw); err != errPickle {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzPickle(f *testing.F) {
	for _, name := range []string{"cifar10", "cifar100"} {
		raw, err := os.ReadFile("testdata/python/" + name + "_batch")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := parseBatch(raw)
		if err != nil {
			return
		}
		if len(b.pixels) > len(raw) || len(b.labels) > len(raw) {
			t.Errorf("%d bytes make %d pixels", len(raw), len(b.pixels))
		}
		for _, s := range []spec{cifar10(), cifar100()} {
			if records, err := s.records(b); err == nil && len(records) > 2*len(raw) {
				t.Errorf("%d bytes make %d bytes of records", len(raw), len(records))
			}
		}
	})
}

// TestFilesMayLieAsOtherProgramsLeaveThem: torchvision's folder, with packed or unpacked files.
func TestFilesMayLieAsOtherProgramsLeaveThem(t *testing.T) {
	s := fashionMNIST()
	official := fake(s, 7)
	want, err := Open(s.name, put(t, s.folder, official))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"fashion-mnist", "FashionMNIST/raw", "raw", "."} {
		for _, unpack := range []bool{false, true} {
			files := map[string][]byte{}
			for name, raw := range official {
				if unpack {
					z, err := gzip.NewReader(bytes.NewReader(raw))
					if err != nil {
						t.Fatal(err)
					}
					if raw, err = io.ReadAll(z); err != nil {
						t.Fatal(err)
					}
					name = strings.TrimSuffix(name, ".gz")
				}
				files[name] = raw
			}
			set, err := Open(s.name, put(t, folder, files))
			if err != nil || !bytes.Equal(set.Train.Pixels, want.Train.Pixels) || !bytes.Equal(set.Test.Labels, want.Test.Labels) {
				t.Errorf("%s, unpacked %t: %v", folder, unpack, err)
			}
		}
	}
}

func TestAFileBesideTheImagesNamesTheClasses(t *testing.T) {
	s := cifar10()
	files := fake(s, 2)
	var names []string
	for i := range 10 {
		names = append(names, fmt.Sprint("class", i))
	}
	files["batches.meta.txt"] = []byte(strings.Join(names, "\n") + "\n\n")
	set, err := Open(s.name, put(t, s.folder, files))
	if err != nil || set.Classes[9] != "class9" {
		t.Errorf("got %v, %v", set, err)
	}
	files["batches.meta.txt"] = []byte("one two")
	if set, err = Open(s.name, put(t, s.folder, files)); err != nil || set.Classes[9] != "truck" {
		t.Errorf("with two names: got %v, %v", set, err)
	}
}

// Other data sets have files of the same names: only their own folders are theirs.
func TestFilesOfOneNameAreThoseOfTheirFolder(t *testing.T) {
	s := fashionMNIST()
	for _, folder := range []string{"fashion-mnist", "FashionMNIST/raw", "raw", "."} {
		dir := put(t, folder, fake(s, 7))
		for _, name := range []string{"mnist", "kmnist"} {
			if _, err := Open(name, dir); err == nil {
				t.Errorf("Fashion-MNIST in %s is taken for %s", folder, name)
			}
		}
	}
	if set, err := Open("kmnist", put(t, "KMNIST/raw", fake(kmnist(), 7))); err != nil || set.Classes[9] != "wo" {
		t.Errorf("torchvision's KMNIST: %+v, %v", set, err)
	}
}
