// Package checkout locates essnas's sources, and the directory of the programs that are built from
// them.
package checkout

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/internal/cachedir"
)

// Tree is a copy of essnas's sources, a checkout.
type Tree struct{ Root string }

// Find returns the checkout named by $ESSNAS_ROOT, or that of the working directory. It returns an
// error if there is none.
func Find() (Tree, error) {
	dir := os.Getenv("ESSNAS_ROOT")
	if dir != "" {
		return Tree{dir}, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return Tree{}, err
	}
	for {
		if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && strings.HasPrefix(string(text), "module github.com/essnas/essnas\n") {
			return Tree{dir}, nil
		}
		above := filepath.Dir(dir)
		if above == dir {
			return Tree{}, errors.New("this is not in a checkout of essnas: change into one, or set ESSNAS_ROOT to its directory")
		}
		dir = above
	}
}

// Dir returns the private directory for builds of the checkout and for its server. It creates the
// directory, or returns an error.
func (c Tree) Dir() (string, error) {
	root, err := filepath.EvalSymlinks(c.Root)
	if err != nil {
		return "", err
	}
	cache, err := cachedir.Path()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(root))
	dir := filepath.Join(cache, "checkouts", hex.EncodeToString(sum[:6]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return dir, cachedir.Private(dir)
}

// Sources returns a checksum of the names, sizes and times of the files that essnas is built from.
// A different checksum shows that earlier builds are out of date. Sources returns an error if a
// file can't be read.
func (c Tree) Sources() (string, error) {
	h := sha256.New()
	err := c.sources(func(path string, info fs.FileInfo) {
		fmt.Fprintln(h, path, info.Size(), info.ModTime().UnixNano())
	})
	return hex.EncodeToString(h.Sum(nil)[:8]), err
}

// Written returns the time of the latest change of these files, or an error if one can't be read.
func (c Tree) Written() (last time.Time, err error) {
	err = c.sources(func(_ string, info fs.FileInfo) {
		if t := info.ModTime(); t.After(last) {
			last = t
		}
	})
	return last, err
}

// sources calls show for each file that essnas is built from.
func (c Tree) sources(show func(path string, info fs.FileInfo)) error {
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
