package data

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// walk calls f with each file of a .tar.gz. It returns an error for an archive that is cut short,
// that contains a path outside its folder, or that contains links or devices.
func walk(archive string, f func(name string, size int64, r io.Reader) error) error {
	file, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("%s can't be read: %w", archive, plain(err))
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s is not a .tar.gz archive: download it again", archive)
	}
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			// The checksum of a gzip stream follows the end of the archive.
			if _, err := io.Copy(io.Discard, z); err != nil {
				return damaged(archive, err)
			}
			return nil
		}
		if err != nil {
			return damaged(archive, err)
		}
		name := path.Clean(h.Name)
		switch {
		case !filepath.IsLocal(filepath.FromSlash(name)) || strings.Contains(h.Name, `\`):
			return fmt.Errorf("%s has an entry %q outside its folder, which no official archive has: download it again", archive, h.Name)
		case h.Typeflag == tar.TypeDir:
		case h.Typeflag != tar.TypeReg:
			return fmt.Errorf("%s has an entry %q that is neither file nor folder, which no official archive has: download it again", archive, h.Name)
		default:
			if err := f(name, h.Size, t); err != nil {
				return damaged(archive, err)
			}
		}
	}
}

func damaged(archive string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is cut short: download it again", archive)
	}
	return fmt.Errorf("%s can't be unpacked: %w", archive, err)
}

// fromArchive reads the files of the data set from its archive without unpacking it on disk.
func (s spec) fromArchive(archive string) source {
	members := map[string][]byte{}
	limits := map[string]int64{}
	for _, p := range slices.Concat(s.train, s.test) {
		limits[path.Join(s.folder, p.images.name)] = p.limit(s)
		if p.labels.name != "" {
			limits[path.Join(s.folder, p.labels.name)] = p.labels.most
		}
	}
	open := func() error {
		return walk(archive, func(name string, size int64, r io.Reader) error {
			limit, ok := limits[name]
			if !ok {
				return nil
			}
			if size > limit {
				return fmt.Errorf("%s has %d bytes, more than the official file", name, size)
			}
			raw := make([]byte, size)
			if _, err := io.ReadFull(r, raw); err != nil {
				return err
			}
			members[name] = raw
			return nil
		})
	}
	read := func(name string, _ int64) ([]byte, error) {
		raw, ok := members[path.Join(s.folder, name)]
		if !ok {
			return nil, errors.New("is missing")
		}
		delete(members, path.Join(s.folder, name)) // each member is read once
		return raw, nil
	}
	return source{place: archive + ":" + s.folder, archive: archive, open: open, read: read}
}
