package backend

import (
	"fmt"
	"os"
	"syscall"
)

// private makes sure that nobody else can put code into a directory: it must be the user's, and is set to 0700.
func private(dir string) error {
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
