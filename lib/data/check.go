package data

import (
	"bufio"
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Info describes a data set and says whether its files are present.
type Info struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Classes     int    `json:"classes"`
	Height      int    `json:"height"`
	Width       int    `json:"width"`
	Channels    int    `json:"channels"`
	TrainImages int    `json:"train_images"`
	TestImages  int    `json:"test_images"`
	License     string `json:"license"`
	URL         string `json:"url"`
	Place       string `json:"place"` // location of its files; "" if they are missing
}

// List describes all data sets and looks for their files in a directory (see [Directory]) without
// reading them. A user's own pictures come last (see [Add]); their channels are 0, because only the
// pictures tell them. List returns an error if there is no such directory, or if a file of Add is
// damaged.
func List(dir string) ([]Info, error) {
	dir, err := Directory(dir)
	if err != nil {
		return nil, err
	}
	var all []Info
	for _, name := range Names() {
		s, err := find(name)
		if err != nil {
			return nil, err
		}
		i := Info{Name: s.name, Title: s.title, Classes: len(s.classes), Height: s.side, Width: s.side, Channels: s.channels,
			TrainImages: total(s.train), TestImages: total(s.test), License: s.license, URL: s.archive.url}
		if i.URL == "" {
			i.URL = strings.TrimSuffix(s.train[0].images.url, s.train[0].images.name)
		}
		if src, err := s.locate(dir); err == nil {
			i.Place = src.place
		}
		all = append(all, i)
	}
	for _, name := range ownNames(dir) {
		i := Info{Name: name, Title: name}
		o, err := readOwn(registered(name, dir))
		if err != nil {
			return nil, err
		}
		if files, closer, err := o.open(); err == nil { // pictures that are gone have no place
			defer closer.Close()
			if a, err := o.look(files); err == nil {
				i.Place, i.Classes, i.Height, i.Width = o.Path, len(a.classes), o.Side, o.Side
				i.TrainImages, i.TestImages = len(a.train), len(a.test)
			}
		}
		all = append(all, i)
	}
	return all, nil
}

// Report is the result of [Check].
type Report struct {
	Name    string    `json:"name"`
	Title   string    `json:"title"`
	Place   string    `json:"place"`
	Files   []File    `json:"files"`
	Classes []string  `json:"classes"`
	Train   Count     `json:"train"`
	Test    Count     `json:"test"`
	Mean    []float32 `json:"mean"` // of each channel over the training images, 0..1
	Std     []float32 `json:"std"`
}

// Count compares a part of a data set with the official one.
type Count struct {
	Images   int   `json:"images"`
	Expected int   `json:"expected"`
	Labels   []int `json:"labels"` // images of each class
}

// File is a file that was read.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	MD5    string `json:"md5"`
	SHA256 string `json:"sha256"`
	Origin Origin `json:"origin"`
}

// Origin says whether a file is the official one.
type Origin string

// The results of a checksum. The authors publish checksums of CIFAR's archives, but not of the
// files in them. Those files are Official if Fetch unpacked them, and otherwise Unknown. Other
// means that the bytes differ; the images can still be the same in another order.
const (
	Official Origin = "official"
	Other    Origin = "other"
	Unknown  Origin = "unknown"
)

// Complete reports whether all official images are present.
func (r *Report) Complete() bool {
	return r.Train.Images == r.Train.Expected && r.Test.Images == r.Test.Expected
}

// Origin is Official if all files are, Other if at least one is Other, and otherwise Unknown.
func (r *Report) Origin() Origin {
	o := Official
	for _, f := range r.Files {
		if f.Origin == Other {
			return Other
		}
		if f.Origin == Unknown {
			o = Unknown
		}
	}
	return o
}

// Check reads a data set like [Open] and reports sizes, labels and checksums. It returns the errors
// of Open. It does not replace missing files by the sample.
func Check(name, dir string) (*Report, error) {
	if _, own, err := own(name, dir); own || err != nil {
		if err != nil {
			return nil, err
		}
		return checkOwn(name, dir)
	}
	s, src, set, err := read(name, dir)
	if err != nil {
		return nil, err
	}
	r := &Report{Name: s.name, Title: s.title, Place: src.place, Classes: s.classes, Mean: set.Mean, Std: set.Std,
		Train: Count{set.Train.N, total(s.train), set.Train.Histogram(len(s.classes))},
		Test:  Count{set.Test.N, total(s.test), set.Test.Histogram(len(s.classes))}}
	files, path, fetched := s.files(), src.path, map[string]string{}
	if src.archive != "" {
		files, path = []download{s.archive}, func(string) string { return src.archive }
	} else if s.archive.url != "" {
		fetched = readSums(filepath.Join(src.place, sumsFile))
	}
	for _, d := range files {
		f, err := d.inspect(path(d.name), fetched)
		if err != nil {
			return nil, err
		}
		r.Files = append(r.Files, f)
	}
	return r, nil
}

func checkOwn(name, dir string) (*Report, error) {
	set, err := Open(name, dir)
	if err != nil {
		return nil, err
	}
	o, err := ParseOwn(set.Own)
	if err != nil {
		return nil, err
	}
	count := func(im Images) Count { return Count{im.N, im.N, im.Histogram(len(set.Classes))} }
	return &Report{Name: set.Name, Title: set.Title, Place: o.Path, Classes: set.Classes, Mean: set.Mean, Std: set.Std,
		Train: count(set.Train), Test: count(set.Test), Files: []File{
			{Name: o.name() + "/train", SHA256: set.Checksums[o.name()+"/train"], Origin: Unknown},
			{Name: o.name() + "/test", SHA256: set.Checksums[o.name()+"/test"], Origin: Unknown},
		}}, nil
}

func (d download) inspect(path string, fetched map[string]string) (f File, err error) {
	info, err := os.Stat(path)
	if err == nil {
		f = File{Name: filepath.Base(path), Bytes: info.Size(), Origin: Unknown}
		f.MD5, err = checksum(path, md5.New())
	}
	if err == nil {
		f.SHA256, err = checksum(path, sha256.New())
	}
	if err != nil {
		return f, fmt.Errorf("%s can't be read: %w", path, plain(err))
	}
	switch {
	case d.md5 == f.MD5 || fetched[d.name] == f.SHA256:
		f.Origin = Official
	// another layout's file has other bytes
	case f.Name == d.name && (d.md5 != "" || fetched[d.name] != ""):
		f.Origin = Other
	}
	return f, nil
}

// readSums reads a list of checksums in the format of sha256sum. A missing list is empty.
func readSums(file string) map[string]string {
	sums := map[string]string{}
	f, err := os.Open(file)
	if err != nil {
		return sums
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if sum, name, ok := strings.Cut(lines.Text(), "  "); ok {
			sums[name] = sum
		}
	}
	return sums
}

func total(parts []part) (n int) {
	for _, p := range parts {
		n += p.official
	}
	return
}
