package data

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Progress receives the number of bytes of a file that have arrived. total is -1 if the server does
// not give it.
type Progress func(file string, done, total int64)

// Fetch downloads a data set from its authors' address into a directory (see [Directory]), verifies
// the checksum and unpacks it. The data set appears whole or not at all. Until then it lies in a
// hidden folder beside it, from which a later Fetch resumes. Fetch keeps a data set that loads and
// replaces a damaged one. Several processes may fetch at a time. progress may be nil.
//
// Fetch returns an error for an unknown name, a directory that can't be written, a failed download,
// a wrong checksum, or the end of ctx.
func Fetch(ctx context.Context, name, dir string, progress Progress) error {
	s, err := find(name)
	if err != nil {
		return err
	}
	if dir, err = Directory(dir); err != nil {
		return err
	}
	return s.fetch(ctx, dir, progress)
}

func (s spec) fetch(ctx context.Context, dir string, progress Progress) error {
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	if s.loads(dir) {
		return nil // no write happens before this: the directory may be read-only
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("the data directory %s can't be made: %w; name another with --data or ESSNAS_DATA", dir, plain(err))
	}
	lock := flock.New(filepath.Join(dir, "."+s.name+".lock"))
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("the data directory %s can't be written: %w; name another with --data or ESSNAS_DATA", dir, plain(err))
	}
	defer lock.Unlock()
	if s.loads(dir) {
		return nil // another process has fetched it meanwhile
	}

	staging := filepath.Join(dir, ".fetch-"+s.name)
	whole := filepath.Join(staging, s.folder)
	if err := s.fill(ctx, staging, whole, progress); err != nil {
		if errors.As(err, new(refused)) {
			return fmt.Errorf("%w, or put %s from elsewhere into %s", err, s.offered(), dir)
		}
		return wrote(err)
	}
	src := source{place: whole, read: func(name string, limit int64) ([]byte, error) { return readFile(filepath.Join(whole, name), limit) }}
	if _, err := s.load(src); err != nil { // files with the right checksum always load
		return err
	}
	final := filepath.Join(dir, s.folder)
	if err := os.Rename(final, filepath.Join(staging, "replaced")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the damaged %s can't be moved away: %w; remove it", final, plain(err))
	}
	if err := os.Rename(whole, final); err != nil {
		return fmt.Errorf("%s can't be made: %w", final, plain(err))
	}
	return wrote(os.RemoveAll(staging))
}

func (s spec) loads(dir string) bool {
	src, err := s.locate(dir)
	if err == nil {
		_, err = s.load(src)
	}
	return err == nil
}

// offered names the published files, for messages.
func (s spec) offered() string {
	if s.archive.url != "" {
		return s.archive.name
	}
	var names []string
	for _, f := range s.files() {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// fill downloads the data set into staging and unpacks it into the folder whole.
func (s spec) fill(ctx context.Context, staging, whole string, progress Progress) error {
	if s.archive.url == "" {
		if err := os.MkdirAll(whole, 0o755); err != nil {
			return err
		}
		for _, f := range s.files() {
			if err := f.get(ctx, filepath.Join(whole, f.name), progress); err != nil {
				return err
			}
		}
		return nil
	}
	if err := os.MkdirAll(staging, 0o755); err != nil {
		return err
	}
	archive := filepath.Join(staging, s.archive.name)
	if err := s.archive.get(ctx, archive, progress); err != nil {
		return err
	}
	if err := os.RemoveAll(whole); err != nil { // remains of an interrupted unpacking
		return err
	}
	return s.unpack(ctx, archive, staging)
}

// sumsFile lists the checksums of the files of an official archive in the format of sha256sum.
const sumsFile = "SHA256SUMS"

// unpack writes the files of the archive and a list of their checksums, by which Check recognises
// them later.
func (s spec) unpack(ctx context.Context, archive, to string) error {
	var sums strings.Builder
	err := walk(archive, func(name string, _ int64, r io.Reader) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		inner, ok := strings.CutPrefix(name, s.folder+"/")
		if !ok {
			return nil
		}
		file := filepath.Join(to, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		h := sha256.New()
		if err := write(file, io.TeeReader(r, h)); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", h.Sum(nil), inner)
		return nil
	})
	if err != nil {
		return err
	}
	return write(filepath.Join(to, s.folder, sumsFile), strings.NewReader(sums.String()))
}

// write creates a file and syncs it to the disk.
func write(file string, r io.Reader) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, r); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// wrote turns an error of the file system into a sentence.
func wrote(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s can't be written: %w; make room or name another directory with --data or ESSNAS_DATA", p.Path, p.Err)
	}
	return err
}

func checksum(file string, h hash.Hash) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (d download) official(file string) bool {
	sum, err := checksum(file, md5.New())
	return err == nil && sum == d.md5
}
