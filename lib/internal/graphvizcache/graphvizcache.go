// Package graphvizcache keeps the machine code that go-graphviz makes of its WebAssembly in essnas's own cache. Left alone, go-graphviz keeps it in the system's temporary
// directory, under a name that is the same for all users: the second user of a machine can't read the first one's and panics, and whoever comes first decides what code the others run.
//
// go-graphviz looks there when it is initialized, before anything can be called. So this package, which has only to be imported beside it, names another temporary
// directory for that time. Go initializes packages in the order of their import paths as far as their imports are initialized ("Package initialization" in the language's
// specification): this one comes before go-graphviz as long as it imports nothing that go-graphviz doesn't, and whoever imports both comes after both and calls [Done].
package graphvizcache

import (
	"os"
	"path/filepath"

	"github.com/essnas/essnas/lib/internal/home"
)

const variable = "TMPDIR"

var before, set = os.LookupEnv(variable)

func init() {
	dir, err := private()
	if err != nil {
		dir = os.DevNull // nothing can be made in it: go-graphviz compiles anew, which takes half a second, and keeps nothing
	}
	os.Setenv(variable, dir)
}

// Done gives the system's temporary directory back.
func Done() {
	if set {
		os.Setenv(variable, before)
	} else {
		os.Unsetenv(variable)
	}
}

// private is a directory that only the user can write to, and that can be written to: go-graphviz panics where it can't keep its code.
func private() (string, error) {
	cache, err := home.Cache()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "graphviz")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := home.Private(dir); err != nil {
		return "", err
	}
	probe, err := os.CreateTemp(dir, "probe-*")
	if err != nil {
		return "", err
	}
	probe.Close()
	return dir, os.Remove(probe.Name())
}
