package bundle

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/backend/plugin"
)

// Dir returns the directory of the bundle that contains the running program, or "".
func Dir() string {
	self, err := os.Executable()
	if err != nil { // a root directory without /proc
		if self, err = filepath.Abs(os.Args[0]); err != nil {
			return ""
		}
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	dir := filepath.Dir(self)
	if !isFile(filepath.Join(dir, manifestName)) || !isFile(filepath.Join(dir, sumsName)) {
		return ""
	}
	return dir
}

// Use lets this process and its children use the libraries, the cache and the data of the bundle
// that contains the program, if there is one. Directories that the environment names have
// precedence.
func Use() { use(Dir()) }

func use(dir string) {
	if dir == "" {
		return
	}
	for name, sub := range map[string]string{"ESSNAS_CACHE": "cache", "ESSNAS_DATA": "data"} {
		p := filepath.Join(dir, sub)
		if _, err := os.Stat(p); err == nil && os.Getenv(name) == "" {
			os.Setenv(name, p)
		}
	}
	libraries, _ := filepath.Glob(filepath.Join(dir, "lib", "*"))
	// Libraries need each other: those that fail are tried again after the others.
	for range libraries {
		libraries = slices.DeleteFunc(libraries, plugin.Preload)
	}
}

// Read returns the manifest of a bundle. It returns an error if the directory is no bundle.
func Read(dir string) (m Manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s is not a bundle: unpack the archive of essnas bundle, and name its directory", dir)
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

// Check compares the files of an unpacked bundle with its checksums and returns their number. It
// returns an error that names the files that are missing or differ.
func Check(dir string) (files int, err error) {
	if _, err := Read(dir); err != nil {
		return 0, err
	}
	list, err := os.Open(filepath.Join(dir, sumsName))
	if err != nil {
		return 0, err
	}
	defer list.Close()
	var wrong []string
	scanner := bufio.NewScanner(list)
	for scanner.Scan() {
		want, name, ok := strings.Cut(scanner.Text(), "  ")
		if !ok || !filepath.IsLocal(filepath.FromSlash(name)) {
			return 0, fmt.Errorf("%s has the line %q: unpack the archive anew", list.Name(), scanner.Text())
		}
		files++
		if got, err := plugin.FileSHA256(filepath.Join(dir, filepath.FromSlash(name))); err != nil || got != want {
			wrong = append(wrong, name)
		}
	}
	if err := scanner.Err(); err != nil {
		return 0, err
	}
	if files == 0 {
		return 0, fmt.Errorf("%s is empty: unpack the archive anew", list.Name())
	}
	if len(wrong) > 0 {
		return files, fmt.Errorf("%d of %d files are missing or differ from the archive (%s): unpack it anew", len(wrong), files, strings.Join(wrong[:min(3, len(wrong))], ", "))
	}
	return files, nil
}
