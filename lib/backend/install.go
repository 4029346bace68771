package backend

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// install puts the plugin of a wheel, and the libraries it needs, into a directory of plugins, and returns the
// plugin's path. It does nothing when the plugin is there. Of several processes one downloads and the others wait.
func install(ctx context.Context, plugins string, p pluginWheel, log io.Writer) (string, error) {
	final := p.dir(plugins)
	library := filepath.Join(final, filepath.FromSlash(p.library))
	if isFile(library) {
		return library, nil
	}
	if !p.here() {
		return "", fmt.Errorf("there is no wheel of %s for %s/%s", p, runtime.GOOS, runtime.GOARCH)
	}
	if err := os.MkdirAll(plugins, 0o700); err != nil {
		return "", fmt.Errorf("%s can't be installed: %w; set ESSNAS_CACHE to a directory that you may write to", p, err)
	}
	lock := flock.New(filepath.Join(plugins, ".lock"))
	if ok, err := lock.TryLock(); err != nil {
		return "", fmt.Errorf("%s can't be installed: %w; set ESSNAS_CACHE to a directory that you may write to", p, err)
	} else if !ok {
		fmt.Fprintf(log, "Waiting for another process that installs a plugin into %s\n", plugins)
		if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
			return "", fmt.Errorf("waiting for another installation into %s: %w", plugins, err)
		}
	}
	defer lock.Close()
	if isFile(library) {
		return library, nil
	}
	sweep(plugins)
	temporary, err := os.MkdirTemp(plugins, ".new-*")
	if err != nil {
		return "", fmt.Errorf("%s can't be installed: %w", p, err)
	}
	defer os.RemoveAll(temporary)
	fmt.Fprintf(log, "Installing %s (%d MB to download, once) into %s\n", p, p.megabytes, final)
	start := time.Now()
	files, err := download(ctx, filepath.Join(temporary, "wheels"), p.wheel)
	if err != nil {
		return "", err
	}
	content := filepath.Join(temporary, "content")
	for _, file := range files {
		if err := unzip(ctx, file, content); err != nil {
			return "", fmt.Errorf("%s can't be unpacked: %w; is the disk of %s full?", p, err, plugins)
		}
		os.Remove(file)
	}
	if !isFile(filepath.Join(content, filepath.FromSlash(p.library))) {
		return "", fmt.Errorf("the wheel of %s holds no %s", p, p.library)
	}
	os.RemoveAll(final) // what a sudden end may have left without its library
	if err := os.Rename(content, final); err != nil {
		return "", fmt.Errorf("%s can't be installed: %w", p, err)
	}
	fmt.Fprintf(log, "Installed %s in %.1f s\n", p, time.Since(start).Seconds())
	return library, nil
}

// sweep removes what killed installations left behind. Its caller holds the lock.
func sweep(plugins string) {
	left, _ := filepath.Glob(filepath.Join(plugins, ".new-*"))
	for _, dir := range left {
		os.RemoveAll(dir)
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
