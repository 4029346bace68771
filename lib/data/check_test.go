package data

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestCheckCountsAndKnowsTheOfficialFiles(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			s := specOf(t, name)
			files := fake(s, 20)
			dir := put(t, s.folder, files)
			r, err := Check(name, dir)
			if err != nil {
				t.Fatal(err)
			}
			if r.Complete() || r.Train.Images != 20*len(s.train) || r.Train.Expected != total(s.train) || r.Test.Images != 20 {
				t.Errorf("counts %+v, %+v, complete %t", r.Train, r.Test, r.Complete())
			}
			sum := 0
			for _, n := range r.Test.Labels {
				sum += n
			}
			if sum != 20 || len(r.Test.Labels) != len(s.classes) {
				t.Errorf("labels of the test images: %v", r.Test.Labels)
			}
			if len(r.Files) != len(files) {
				t.Errorf("%d files, want %d", len(r.Files), len(files))
			}
			want := Unknown // CIFAR's unpacked files have no published checksums
			if s.archive.url == "" || s.train[0].images.md5 != "" {
				want = Other
			}
			if r.Origin() != want {
				t.Errorf("origin %s, want %s", r.Origin(), want)
			}
		})
	}
}

func TestCheckKnowsWhatFetchUnpacked(t *testing.T) {
	s, _, _ := published(t, "cifar10")
	dir := t.TempDir()
	if err := s.fetch(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	if r, err := Check("cifar10", dir); err != nil || r.Origin() != Official {
		t.Fatalf("fetched: %+v, %v", r, err)
	}
	// A file with another image is another file.
	file := filepath.Join(dir, s.folder, "data_batch_4.bin")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, flipByte(b, 100), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Check("cifar10", dir)
	if err != nil || r.Origin() != Other {
		t.Fatalf("changed: %+v, %v", r, err)
	}
	for _, f := range r.Files {
		if want := map[bool]Origin{true: Other, false: Official}[f.Name == "data_batch_4.bin"]; f.Origin != want {
			t.Errorf("%s is %s, want %s", f.Name, f.Origin, want)
		}
	}
}

func TestListSaysWhatIsThere(t *testing.T) {
	s := specOf(t, "cifar100")
	dir := put(t, "", map[string][]byte{s.archive.name: archived(s, fake(s, 5))})
	all, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names, there []string
	for _, i := range all {
		names = append(names, i.Name)
		if i.Place != "" {
			there = append(there, i.Name)
		}
		if i.URL == "" || i.License == "" || i.TestImages != total(specOf(t, i.Name).test) {
			t.Errorf("%+v", i)
		}
	}
	if !slices.Equal(names, Names()) || !slices.Equal(there, []string{"cifar100"}) {
		t.Errorf("names %v, there %v", names, there)
	}
}
