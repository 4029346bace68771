package plugin

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/essnas/essnas/lib/internal/cachedir"
	"github.com/gofrs/flock"
)

// Dir returns the directory of the installed plugins in a cache directory.
func Dir(cacheDir string) string { return filepath.Join(cacheDir, "plugins") }

// temporary is the start of the names of incomplete installations.
const temporary = ".new-"

// Install puts the plugin of a wheel and its libraries into a directory of plugins, see [Dir], and
// returns the plugin's path. It does nothing if the plugin is complete. One of several processes
// downloads, the others wait for it. Install returns an error with advice if there is no wheel for
// this system, the download fails, a file has another hash than this package's source says, or the
// directory can't be written.
func Install(ctx context.Context, plugins string, p Wheel, log io.Writer) (string, error) {
	if p.Whole(plugins) {
		return p.path(plugins), nil
	}
	if !p.here() {
		return "", fmt.Errorf("there is no wheel of %s for %s/%s", p, runtime.GOOS, runtime.GOARCH)
	}
	err := os.MkdirAll(plugins, 0o700)
	if err == nil {
		err = cachedir.Private(plugins)
	}
	if err != nil {
		return "", &Fault{fmt.Sprintf("%s can't be installed (%v)", p, err), "set ESSNAS_CACHE to a directory that you may write to"}
	}
	lock := flock.New(filepath.Join(plugins, ".lock"))
	if ok, err := lock.TryLock(); err != nil {
		return "", &Fault{fmt.Sprintf("%s can't be installed (%v)", p, err), "set ESSNAS_CACHE to a directory that you may write to"}
	} else if !ok {
		fmt.Fprintf(log, "Waiting for another process that installs a plugin into %s\n", plugins)
		if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
			return "", fmt.Errorf("waiting for another installation into %s: %w", plugins, err)
		}
	}
	defer lock.Close()
	if p.Whole(plugins) {
		return p.path(plugins), nil
	}
	sweep(plugins)
	fmt.Fprintf(log, "Installing %s (%s to download, once) into %s\n", p, p.Size, p.dir(plugins))
	start := time.Now()
	if err := fetch(ctx, plugins, p, log); err != nil {
		return "", err
	}
	fmt.Fprintf(log, "Installed %s in %.1f s\n", p, time.Since(start).Seconds())
	return p.path(plugins), nil
}

// fetch downloads and unpacks in a temporary directory, which is then renamed to the plugin's.
func fetch(ctx context.Context, plugins string, p Wheel, log io.Writer) error {
	work, err := os.MkdirTemp(plugins, temporary+"*")
	if err != nil {
		return fmt.Errorf("%s can't be installed: %w", p, err)
	}
	defer os.RemoveAll(work)
	files, err := download(ctx, filepath.Join(work, "wheels"), log, append([]wheel{p.wheel}, p.libraries...)...)
	if err != nil {
		return err
	}
	content := filepath.Join(work, "content")
	for _, file := range files {
		if err := unzip(ctx, file, content); err != nil {
			return &Fault{fmt.Sprintf("%s can't be unpacked (%v)", p, err), "make room on the disk, or set ESSNAS_CACHE to a larger one"}
		}
		os.Remove(file)
	}
	if !isFile(filepath.Join(content, filepath.FromSlash(p.library))) {
		return fmt.Errorf("the wheel of %s holds no %s", p, p.library)
	}
	os.RemoveAll(p.dir(plugins)) // an incomplete one
	if err := os.Rename(content, p.dir(plugins)); err != nil {
		return fmt.Errorf("%s can't be installed: %w", p, err)
	}
	return nil
}

// sweep removes the remains of killed installations. Its caller holds the lock.
func sweep(plugins string) {
	left, _ := filepath.Glob(filepath.Join(plugins, temporary+"*"))
	for _, dir := range left {
		os.RemoveAll(dir)
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
