// Package cachedir locates the user's files that essnas can make again: plugins, compiled programs,
// the tools of notebooks, the server's socket.
package cachedir

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Path returns the cache directory: $ESSNAS_CACHE if set, else "essnas" in the user's
// cache directory ($XDG_CACHE_HOME or ~/.cache on Linux). It may not exist yet. Path returns an
// error if the user has no cache directory.
func Path() (string, error) {
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
