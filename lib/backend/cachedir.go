package backend

import (
	"path/filepath"

	"github.com/essnas/essnas/lib/internal/home"
)

// CacheDir is where plugins (plugins/) and compiled executables (executables/) are kept: $ESSNAS_CACHE if set, else
// "essnas" in the user's cache directory ($XDG_CACHE_HOME or ~/.cache on Linux). It may not exist yet.
func CacheDir() (string, error) { return home.Cache() }

func pluginsDir(cacheDir string) string     { return filepath.Join(cacheDir, "plugins") }
func executablesDir(cacheDir string) string { return filepath.Join(cacheDir, "executables") }
