package backend

import (
	"path/filepath"

	"github.com/essnas/essnas/lib/internal/cachedir"
)

// CacheDir returns the directory of plugins (plugins/) and compiled executables (executables/):
// $ESSNAS_CACHE, or "essnas" in the user's cache directory ($XDG_CACHE_HOME or ~/.cache on Linux).
// The directory may not exist yet. CacheDir returns an error if the user has no cache directory.
func CacheDir() (string, error) { return cachedir.Path() }

func pluginsDir(cacheDir string) string     { return filepath.Join(cacheDir, "plugins") }
func executablesDir(cacheDir string) string { return filepath.Join(cacheDir, "executables") }
