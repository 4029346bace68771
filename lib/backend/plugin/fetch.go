package plugin

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// fetched are the plugins that Fetch knows, by name.
var fetched = []struct {
	name  string
	wheel Wheel
}{{"cpu", cpuWheel}, {"cuda12", cuda12Wheel}, {"cuda13", cuda13Wheel}}

// Fetchable returns the names of the plugins that Fetch knows.
func Fetchable() (names []string) {
	for _, f := range fetched {
		names = append(names, f.name)
	}
	return
}

// Fetch installs a plugin with its libraries into a directory of plugins, whatever devices this
// machine has, and returns its directory there. The hashes of all files have been compared. Fetch
// returns an error for an unknown name, and those of Install.
func Fetch(ctx context.Context, name, plugins string, log io.Writer) (dir string, err error) {
	i := slices.Index(Fetchable(), name)
	if i < 0 {
		return "", fmt.Errorf("there is no plugin %q: use one of %s", name, strings.Join(Fetchable(), ", "))
	}
	w := fetched[i].wheel
	if _, err := Install(ctx, plugins, w, log); err != nil {
		return "", err
	}
	return w.dir(plugins), nil
}

// Preload loads a shared library into the process, so that a plugin that needs it by its name finds
// it. It reports whether it could be loaded.
func Preload(path string) bool { return preload(path) }
