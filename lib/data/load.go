package data

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/internal/shell"
)

// Directory returns the directory of the data sets: dir, else $ESSNAS_DATA, else "data" in essnas's
// cache directory ($ESSNAS_CACHE, else "essnas" in the user's cache). Directory returns an error if
// the user has no cache directory.
func Directory(dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	if dir = os.Getenv("ESSNAS_DATA"); dir != "" {
		return dir, nil
	}
	if dir = os.Getenv("ESSNAS_CACHE"); dir != "" {
		return filepath.Join(dir, "data"), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", errors.New("there is no home directory to look for data in: name one with --data or ESSNAS_DATA")
	}
	return filepath.Join(cache, "essnas", "data"), nil
}

// Open reads a data set as [Load] does, or a user's own pictures by their name or their folder (see
// [Add] and [ParseOwn]). It returns the embedded sample for the name "sample". For "" it returns
// Fashion-MNIST, or the sample if the directory has no files of it.
//
// Open returns an error for damaged files, for a named directory that does not exist, and the other
// errors of Load.
func Open(name, dir string) (*Set, error) {
	if o, own, err := own(name, dir); own || err != nil {
		if err != nil {
			return nil, err
		}
		set, err := o.load()
		if err == nil && naming.MatchString(name) {
			set.Name, set.Title = name, name
		}
		return set, err
	}
	s, dir, sample, err := choose(name, dir)
	if err != nil {
		return nil, err
	}
	if sample {
		return Sample()
	}
	return Load(s.name, dir)
}

// Version identifies the files that [Open] would read, by their places, sizes and times, without
// reading them. Equal versions mean equal data. Version returns an error if the files are missing.
func Version(name, dir string) (string, error) {
	if o, own, err := own(name, dir); own || err != nil {
		if err != nil {
			return "", err
		}
		return o.version()
	}
	s, dir, sample, err := choose(name, dir)
	if err != nil || sample {
		return "sample", err
	}
	src, err := s.locate(dir)
	if err != nil {
		return "", err
	}
	paths := src.paths(s)
	var text strings.Builder
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return "", fmt.Errorf("%s can't be read: %w", path, plain(err))
		}
		fmt.Fprintln(&text, path, info.Size(), info.ModTime().UnixNano())
	}
	return text.String(), nil
}

// paths lists the files of a data set.
func (src source) paths(s spec) (paths []string) {
	if src.archive != "" {
		return []string{src.archive}
	}
	for _, f := range s.files() {
		paths = append(paths, src.path(f.name))
	}
	return paths
}

// Files returns the files of a data set: their paths, by their names in a data directory, with
// slashes. A copy of them under these names is a data directory. Files returns an error for a name
// that Names doesn't list, and if the files are missing.
func Files(name, dir string) (map[string]string, error) {
	s, err := find(name)
	if err != nil {
		return nil, err
	}
	if dir, err = Directory(dir); err != nil {
		return nil, err
	}
	src, err := s.locate(dir)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, p := range src.paths(s) {
		inside, err := filepath.Rel(dir, p)
		if err != nil || !filepath.IsLocal(inside) {
			return nil, fmt.Errorf("%s is not in the data directory %s", p, dir)
		}
		files[filepath.ToSlash(inside)] = p
	}
	return files, nil
}

// own returns the user's pictures with this name; own is false for all other names.
func own(name, dir string) (o Own, own bool, err error) {
	if _, err := find(name); err == nil || name == "" || name == "sample" {
		return o, false, nil
	}
	return findOwn(name, dir)
}

// choose decides between the files in a directory and the sample.
func choose(name, dir string) (s spec, directory string, sample bool, err error) {
	asked := name
	switch name {
	case "":
		name = "fashion-mnist"
	case "sample":
		return s, "", true, nil
	}
	if s, err = find(name); err != nil {
		return
	}
	given := dir
	if given == "" {
		given = os.Getenv("ESSNAS_DATA")
	}
	if directory, err = Directory(dir); err != nil {
		return
	}
	if given != "" {
		if _, err := os.Stat(given); err != nil {
			return s, "", false, fmt.Errorf("the data directory %s can't be read: %w; name another with --data or ESSNAS_DATA", given, plain(err))
		}
	}
	return s, directory, asked == "" && !s.present(directory), nil
}

// Load reads the official files of a data set from a directory (see [Directory]), unpacked or in
// their archive.
//
// Load returns an error that wraps fs.ErrNotExist and explains how to get the files if they are
// missing. A damaged file is an error, too, and so is an unknown name.
func Load(name, dir string) (*Set, error) {
	_, _, set, err := read(name, dir)
	return set, err
}

// read is Load and also returns the source of the files.
func read(name, dir string) (s spec, src source, set *Set, err error) {
	if s, err = find(name); err != nil {
		return
	}
	if dir, err = Directory(dir); err != nil {
		return
	}
	if src, err = s.locate(dir); err != nil {
		return
	}
	if set, err = s.load(src); err != nil {
		return
	}
	set, err = set.finish()
	return
}

// source is the place of the files of a data set.
type source struct {
	place   string                   // a directory, or a folder in an archive, for messages
	archive string                   // path of the archive
	open    func() error             // unpacks the archive
	path    func(name string) string // of an official file, without an archive
	classes []string                 // that a file beside the images names; nil: those of the catalog
	read    func(name string, limit int64) ([]byte, error)
}

// present reports whether the directory contains any file of the data set.
func (s spec) present(dir string) bool {
	_, err := s.locate(dir)
	return err == nil
}

// locate finds the data set in one of its layouts, or in its archive.
func (s spec) locate(dir string) (source, error) {
	if src, ok := s.unpacked(dir); ok {
		return src, nil
	}
	if s.archive.url != "" {
		file := filepath.Join(dir, s.archive.name)
		if _, err := os.Stat(file); err == nil {
			return s.fromArchive(file), nil
		}
	}
	return source{}, fmt.Errorf("%s is not in %s: run \"essnas data fetch %s --data %s\", or name the directory that has its official files with --data or ESSNAS_DATA (%w)",
		s.title, dir, s.name, shell.Quote(dir), fs.ErrNotExist)
}

// load reads all parts and records the checksums of their files.
func (s spec) load(src source) (*Set, error) {
	set := &Set{Name: s.name, Title: s.title, Classes: s.classes, Checksums: map[string]string{}}
	if src.classes != nil {
		set.Classes = src.classes
	}
	fault := func(name string, err error) error {
		path := filepath.Join(src.place, name)
		if src.path != nil {
			path = src.path(name)
		}
		return fmt.Errorf("%s %w; get it anew with \"essnas data fetch %s\"", path, err, s.name)
	}
	if src.open != nil {
		if err := src.open(); err != nil {
			return nil, err
		}
	}
	read := func(f download, limit int64) ([]byte, error) {
		raw, err := src.read(f.name, limit)
		if err != nil {
			return nil, fault(f.name, err)
		}
		sum := sha256.Sum256(raw)
		set.Checksums[path.Join(s.folder, f.name)] = hex.EncodeToString(sum[:])
		return raw, nil
	}
	for _, split := range []struct {
		to    *Images
		parts []part
	}{{&set.Train, s.train}, {&set.Test, s.test}} {
		im := split.to
		im.Height, im.Width, im.Channels = s.side, s.side, s.channels
		for i, p := range split.parts {
			limit := p.limit(s)
			raw, err := read(p.images, limit)
			if err != nil {
				return nil, err
			}
			if p.labels.name == "" {
				// the other parts have the same length
				im.Pixels = slices.Grow(im.Pixels, len(raw)*(len(split.parts)-i))
				parse := s.parseRecords
				if s.matlab {
					parse = s.parseMatlab
				}
				if err := parse(im, raw, p); err != nil {
					return nil, fault(p.images.name, err)
				}
				continue
			}
			labels, err := read(p.labels, int64(p.official)+1024)
			if err != nil {
				return nil, err
			}
			parse := s.parsePair
			if s.columns {
				parse = s.parseColumns
			} else if raw, err = gunzip(raw, limit); err != nil {
				return nil, fault(p.images.name, err)
			} else if labels, err = gunzip(labels, int64(p.official)+8); err != nil {
				return nil, fault(p.labels.name, err)
			}
			imagesErr, labelsErr := parse(im, raw, labels)
			if imagesErr != nil {
				return nil, fault(p.images.name, imagesErr)
			}
			if labelsErr != nil {
				return nil, fault(p.labels.name, labelsErr)
			}
		}
	}
	return set, nil
}

// readFile reads a file whose size is plausible.
func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("is missing")
	case err != nil:
		return nil, fmt.Errorf("can't be read: %w", plain(err))
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a file")
	case info.Size() > limit:
		return nil, fmt.Errorf("has %d bytes, more than the official file: it is another file", info.Size())
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("can't be read: %w", plain(err))
	}
	return raw, nil
}

// plain returns the cause of an error of the file system. It leaves out operation and path, which
// the surrounding message names.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
