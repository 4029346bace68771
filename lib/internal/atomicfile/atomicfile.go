// Package atomicfile writes files completely or not at all, and explains errors of the file system.
//
// A file is written under a temporary name in its own directory, synced and renamed. A reader sees
// the old file or the new one. A killed process, a full disk or a power cut leaves the old one.
//
// A killed process leaves its temporary file as well. The next writer of the same file removes it:
// a writer locks its temporary file (flock), and the system frees the lock of a dead process. On a
// file system without locks, temporary files stay.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/renameio/v2"
)

// Write lets write fill the file and creates missing directories above it. It returns the error of
// write unchanged, or an explained error of the file system.
func Write(path string, write func(w io.Writer) error) error {
	if err := MkdirAll(filepath.Dir(path)); err != nil {
		return err
	}
	sweep(path)
	f, held, err := pending(path)
	if err != nil {
		return Explain(err, path)
	}
	defer held.Close()
	defer f.Cleanup()
	if err := write(f); err != nil {
		return Explain(err, path)
	}
	return Explain(f.CloseAtomicallyReplace(), path)
}

// pending makes a temporary file for path. It is locked until held is closed, which is after its
// renaming.
func pending(path string) (f *renameio.PendingFile, held *os.File, err error) {
	for {
		f, err = renameio.NewPendingFile(path, renameio.WithPermissions(0o644), renameio.WithTempDir(filepath.Dir(path)))
		if err != nil {
			return nil, nil, err
		}
		held, err = os.Open(f.Name())
		if err == nil {
			if alive(held) {
				return f, held, nil
			}
			held.Close()
		}
		f.Cleanup()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
	}
}

// alive locks a new temporary file. It returns false if another process has locked the file first,
// in order to remove it.
func alive(f *os.File) bool {
	err := lock(f)
	if err != nil {
		return !errors.Is(err, syscall.EWOULDBLOCK) // other errors: a file system without locks
	}
	info, err := f.Stat()
	return err != nil || info.Sys().(*syscall.Stat_t).Nlink > 0
}

func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// sweep removes the temporary files of path that killed processes have left. Remaining files do no
// harm, so sweep ignores errors.
func sweep(path string) {
	dir, prefix := filepath.Dir(path), "."+filepath.Base(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), prefix)
		if !ok || number == "" || strings.Trim(number, "0123456789") != "" || !e.Type().IsRegular() {
			continue
		}
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		if lock(f) == nil {
			os.Remove(f.Name())
		}
		f.Close()
	}
}

// Temporary reports whether name is that of a temporary file of Write, and returns the name of the
// file that was to be written. Names of written files must not end in digits.
func Temporary(name string) (of string, ok bool) {
	hidden, ok := strings.CutPrefix(name, ".")
	of = strings.TrimRight(hidden, "0123456789")
	return of, ok && of != "" && of != hidden
}

// WriteBytes writes data as Write does, and returns an explained error of the file system.
func WriteBytes(path string, data []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// MkdirAll makes a directory and those above it. It returns an explained error of the file system.
func MkdirAll(dir string) error { return Explain(os.MkdirAll(dir, 0o755), dir) }

// Explain turns an error of the file system into a sentence with advice. It returns other errors,
// and nil, unchanged.
func Explain(err error, path string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("the disk is full: %s could not be written; make room, or choose another disk with --run or ESSNAS_RUNS, and repeat the command (%w)", path, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s can't be written, because its disk is read-only; choose another place with --run or ESSNAS_RUNS (%w)", path, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s can't be used for lack of permission; mend its owner or mode, or choose another place with --run or ESSNAS_RUNS (%w)", path, err)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%s can't be used, because a part of its path is a file and not a directory (%w)", path, err)
	}
	return err
}

// Sync makes renames in a directory outlast a power cut.
func Sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return Explain(err, dir)
	}
	defer d.Close()
	return Explain(d.Sync(), dir)
}
