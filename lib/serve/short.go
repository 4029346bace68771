package serve

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/internal/cachedir"
)

// short returns a path for the socket whose length does not depend on that of dir. It returns an
// error if the directory for such paths can't be made.
func short(dir string) (string, error) {
	h := fnv.New64a()
	h.Write([]byte(dir))
	private := filepath.Join(os.TempDir(), fmt.Sprintf("essnas-%d", os.Geteuid()))
	if err := os.Mkdir(private, 0o700); err != nil && !os.IsExist(err) {
		return "", err
	}
	if info, err := os.Lstat(private); err != nil {
		return "", err
	} else if !info.IsDir() {
		return "", fmt.Errorf("%s is not a directory: remove it, or set ESSNAS_CACHE to a directory with a shorter name", private)
	}
	return filepath.Join(private, fmt.Sprintf("%x", h.Sum64())), cachedir.Private(private)
}
