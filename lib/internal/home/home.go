// Package home locates files that belong to a user or to a checkout rather than to a run: plugins,
// compiled programs, the kernel's tools, the server's socket.
package home

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Cache returns the directory of these files: $ESSNAS_CACHE if set, else "essnas" in the user's
// cache directory ($XDG_CACHE_HOME or ~/.cache on Linux). It may not exist yet. Cache returns an
// error if the user has no cache directory.
func Cache() (string, error) {
	if dir := os.Getenv("ESSNAS_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no cache directory (%w): set ESSNAS_CACHE to a directory that may hold 2 GB", err)
	}
	return filepath.Join(dir, "essnas"), nil
}

// Private ensures that no other user can put code into a directory: it must belong to the user and
// gets mode 0700. Otherwise Private returns an error.
func Private(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user: remove it, or set ESSNAS_CACHE to a directory of yours", dir)
	}
	if info.Mode().Perm() != 0o700 {
		if err := os.Chmod(dir, 0o700); err != nil && info.Mode().Perm()&0o022 != 0 {
			return fmt.Errorf("%s can be written by others: %w", dir, err)
		}
	}
	return nil
}

// Checkout is a copy of essnas's sources.
type Checkout struct{ Root string }

// Find returns the checkout named by $ESSNAS_ROOT, or that of the working directory. It returns an
// error if there is none.
func Find() (Checkout, error) {
	dir := os.Getenv("ESSNAS_ROOT")
	if dir != "" {
		return Checkout{dir}, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return Checkout{}, err
	}
	for {
		if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && strings.HasPrefix(string(text), "module github.com/essnas/essnas\n") {
			return Checkout{dir}, nil
		}
		above := filepath.Dir(dir)
		if above == dir {
			return Checkout{}, errors.New("this is not in a checkout of essnas: change into one, or set ESSNAS_ROOT to its directory")
		}
		dir = above
	}
}

// Dir returns the private directory for builds of the checkout and for its server. It creates the
// directory, or returns an error.
func (c Checkout) Dir() (string, error) {
	root, err := filepath.EvalSymlinks(c.Root)
	if err != nil {
		return "", err
	}
	cache, err := Cache()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(root))
	dir := filepath.Join(cache, "checkouts", hex.EncodeToString(sum[:6]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return dir, Private(dir)
}

// Sources returns a checksum of the names, sizes and times of the files that essnas is built from.
// If it differs, earlier builds are out of date. Sources returns an error if a file can't be read.
func (c Checkout) Sources() (string, error) {
	h := sha256.New()
	err := c.sources(func(path string, info fs.FileInfo) {
		fmt.Fprintln(h, path, info.Size(), info.ModTime().UnixNano())
	})
	return hex.EncodeToString(h.Sum(nil)[:8]), err
}

// Written returns the time of the latest change of these files, or an error if one can't be read.
func (c Checkout) Written() (last time.Time, err error) {
	err = c.sources(func(_ string, info fs.FileInfo) {
		if t := info.ModTime(); t.After(last) {
			last = t
		}
	})
	return last, err
}

// sources calls show for each file that essnas is built from.
func (c Checkout) sources(show func(path string, info fs.FileInfo)) error {
	for _, name := range []string{"go.mod", "go.sum"} {
		info, err := os.Stat(filepath.Join(c.Root, name))
		if err != nil {
			return err
		}
		show(name, info)
	}
	return filepath.WalkDir(filepath.Join(c.Root, "lib"), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "testdata":
			return fs.SkipDir
		case !entry.Type().IsRegular() || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(entry.Name(), "."):
			return nil
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // an editor's temporary file
		}
		if err == nil {
			show(path, info)
		}
		return err
	})
}
