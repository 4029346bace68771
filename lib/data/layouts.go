package data

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// layout is an arrangement of the files of a data set in a data directory.
type layout struct {
	folder string // below the data directory
	// path returns the file, below the folder, with the contents of an official file; "" if this
	// layout has no such file.
	path func(folder, official string) string
	// read returns the contents of the official file.
	read func(s spec, path string, limit int64) ([]byte, error)
}

// layouts lists the layouts of a data set in the order in which they are tried.
func (s spec) layouts() []layout {
	official := func(folder string) layout {
		return layout{folder, there, func(_ spec, path string, limit int64) ([]byte, error) { return readFile(path, limit) }}
	}
	all := []layout{official(s.folder)}
	if s.torchvision != "" {
		all = append(all, official(filepath.Join(s.torchvision, "raw")))
		if !s.loose {
			return all
		}
		all = append(all, official("raw"))
	}
	all = append(all, official("."))
	for _, folder := range []string{s.pickled, "."} {
		if s.pickled != "" {
			all = append(all, layout{folder, batchFile, readBatch})
		}
	}
	return all
}

// there returns an official file, or the same unpacked: torchvision leaves both.
func there(folder, official string) string {
	for _, name := range []string{official, strings.TrimSuffix(official, ".gz")} {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// batchFile returns the file of CIFAR's Python version that has the images of a binary file.
func batchFile(folder, official string) string {
	path := filepath.Join(folder, strings.TrimSuffix(official, ".bin"))
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return path
	}
	return ""
}

// readBatch returns a file of CIFAR's Python version as the records of the binary version.
func readBatch(s spec, path string, limit int64) ([]byte, error) {
	raw, err := readFile(path, limit+limit/8) // names of the pictures are in it as well
	if err != nil {
		return nil, err
	}
	b, err := parseBatch(raw)
	if err != nil {
		return nil, err
	}
	return s.records(b)
}

// unpacked finds the data set in one of its layouts; ok is false if there is none.
func (s spec) unpacked(dir string) (src source, ok bool) {
	for _, l := range s.layouts() {
		folder := filepath.Join(dir, l.folder)
		for _, f := range s.files() {
			if l.path(folder, f.name) == "" {
				continue
			}
			path := func(name string) string {
				if p := l.path(folder, name); p != "" {
					return p
				}
				return filepath.Join(folder, name)
			}
			return source{place: folder, path: path, classes: s.named(folder), read: func(name string, limit int64) ([]byte, error) {
				if l.path(folder, name) == "" {
					return nil, errors.New("is missing")
				}
				return l.read(s, l.path(folder, name), limit)
			}}, true
		}
	}
	return source{}, false
}

// named returns the classes that a file beside the images names, or nil. CIFAR's binary versions
// have such files; they count if they have a name for each class.
func (s spec) named(folder string) []string {
	for _, name := range []string{"batches.meta.txt", "fine_label_names.txt"} {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) || err != nil || len(raw) > 1<<16 {
			continue
		}
		if classes := strings.Fields(string(raw)); len(classes) == len(s.classes) {
			return classes
		}
	}
	return nil
}
