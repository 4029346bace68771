// Package graphvizcache keeps the machine code that go-graphviz compiles from its WebAssembly in
// essnas's own cache. By default go-graphviz keeps it in the system's temporary directory under a
// name that all users share: the second user of a machine can't read the first user's code and
// panics, and the first user decides which code the others run.
//
// go-graphviz reads the directory during its initialization, before any function can be called.
// This package therefore sets another temporary directory for that time; importing it is enough. Go
// initializes packages in the order of their import paths, as far as their imports are initialized
// ("Package initialization" in the language's specification). This package comes before go-graphviz
// as long as it imports nothing that go-graphviz does not import. A package that imports both comes
// after both and calls [Done].
//
// go-graphviz panics if a file of code is damaged, or if it can't write one. [Done] therefore
// records a checksum of each file. A file that differs from its checksum is removed before
// go-graphviz reads it, and go-graphviz compiles it anew. If the directory can't be written, or the
// disk is full, go-graphviz gets no directory: it compiles in half a second and keeps nothing.
package graphvizcache

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/essnas/essnas/lib/internal/cachedir"
)

const variable = "TMPDIR"

// room is the space in bytes that the disk must have: twice the size of the code.
const room = 16 << 20

var (
	before, set = os.LookupEnv(variable)
	cache       string // with the code and its checksums; "": nothing is kept
	// sound are the files of code whose checksums were right before go-graphviz read them.
	sound = map[string]os.FileInfo{}
)

func init() {
	dir, err := private()
	if err != nil {
		os.Setenv(variable, os.DevNull)
		return
	}
	cache = dir
	os.Setenv(variable, dir)
}

// Done restores the system's temporary directory, and records the checksums of new code.
func Done() {
	if set {
		os.Setenv(variable, before)
	} else {
		os.Unsetenv(variable)
	}
	if cache == "" {
		return
	}
	files, _ := filepath.Glob(filepath.Join(cache, "go-graphviz", "*", "*"))
	for _, file := range files {
		if filepath.Ext(file) == unfinished || unchanged(file) {
			continue
		}
		if sum, err := checksum(file); err == nil && !proven(cache, file) {
			// Without a checksum, the next start compiles anew: an error here costs half a second.
			write(record(cache, file), sum)
		}
	}
}

// unchanged reports whether a file is one of those that were sound, by its time: reading it again
// would delay each start.
func unchanged(file string) bool {
	was := sound[file]
	is, err := os.Lstat(file)
	return was != nil && err == nil && os.SameFile(was, is) && was.ModTime().Equal(is.ModTime())
}

// private returns a writable directory that belongs to the user alone and holds no damaged code.
func private() (string, error) {
	cache, err := cachedir.Path()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "graphviz")
	if err := os.MkdirAll(filepath.Join(dir, "sums"), 0o700); err != nil {
		return "", err
	}
	if err := cachedir.Private(dir); err != nil {
		return "", err
	}
	if err := roomy(dir); err != nil {
		return "", err
	}
	code := filepath.Join(dir, "go-graphviz")
	dirs, _ := filepath.Glob(filepath.Join(code, "*"))
	for _, d := range append(dirs, code) {
		const write, search = 2, 1
		if err := syscall.Access(d, write|search); err != nil && !errors.Is(err, syscall.ENOENT) {
			return "", err
		}
	}
	files, _ := filepath.Glob(filepath.Join(code, "*", "*"))
	for _, file := range files {
		info, err := os.Lstat(file)
		if proven(dir, file) && err == nil {
			sound[file] = info
			continue
		}
		if written(file) {
			continue
		}
		if err := os.RemoveAll(file); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// unfinished is the end of the name of a file that go-graphviz is writing; it renames the file in
// the end, and panics if it can't.
const unfinished = ".tmp"

// written reports whether another process may be writing a file. A killed one leaves its file,
// which is removed after an hour.
func written(file string) bool {
	if filepath.Ext(file) != unfinished {
		return false
	}
	info, err := os.Lstat(file)
	return err != nil || time.Since(info.ModTime()) < time.Hour
}

// roomy returns an error if a new file in dir can't hold the code: the disk is full, the user's
// quota is used up, or files are limited in size.
func roomy(dir string) error {
	probe, err := os.CreateTemp(dir, "probe-*")
	if err != nil {
		return err
	}
	defer os.Remove(probe.Name())
	defer probe.Close()
	err = syscall.Fallocate(int(probe.Fd()), 0, 0, room)
	if !errors.Is(err, syscall.EOPNOTSUPP) && !errors.Is(err, syscall.ENOSYS) {
		return err
	}
	var disk syscall.Statfs_t // the file system reserves no space in advance
	if err := syscall.Fstatfs(int(probe.Fd()), &disk); err != nil {
		return err
	}
	if disk.Bavail*uint64(disk.Bsize) < room {
		return syscall.ENOSPC
	}
	return nil
}

// record returns the path of a file's checksum.
func record(cache, file string) string {
	version := filepath.Base(filepath.Dir(file))
	return filepath.Join(cache, "sums", version+"-"+filepath.Base(file))
}

// proven reports whether a file is the one whose checksum was recorded.
func proven(cache, file string) bool {
	want, err := os.ReadFile(record(cache, file))
	if err != nil {
		return false
	}
	sum, err := checksum(file)
	return err == nil && sum == string(want)
}

// checksum returns the CRC of a file, which takes a millisecond. Nobody but the user can write
// there, so it need only find damage.
func checksum(file string) (string, error) {
	code, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer code.Close()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	n, err := io.Copy(sum, code)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %08x\n", n, sum.Sum32()), nil
}

// write writes a small file whole or not at all.
func write(path, text string) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return
	}
	_, err = f.WriteString(text)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
}
