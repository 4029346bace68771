package backend

import (
	"fmt"
	"os"
	"path/filepath"
)

// CacheDir is where plugins (plugins/) and compiled executables (executables/) are kept: $ESSNAS_CACHE if set, else
// "essnas" in the user's cache directory ($XDG_CACHE_HOME or ~/.cache on Linux). It may not exist yet.
func CacheDir() (string, error) {
	if dir := os.Getenv("ESSNAS_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no cache directory (%w): set ESSNAS_CACHE to a directory that may hold 2 GB", err)
	}
	return filepath.Join(dir, "essnas"), nil
}

func pluginsDir(cacheDir string) string     { return filepath.Join(cacheDir, "plugins") }
func executablesDir(cacheDir string) string { return filepath.Join(cacheDir, "executables") }
