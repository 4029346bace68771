// Package graphvizcache keeps the machine code that go-graphviz compiles from its WebAssembly in
// essnas's own cache. By default go-graphviz keeps it in the system's temporary directory under a
// name that all users share: the second user of a machine can't read the first user's code and
// panics, and the first user decides which code the others run.
//
// go-graphviz reads the directory during its initialization, before any function can be called.
// This package therefore sets another temporary directory for that time; importing it is enough. Go
// initializes packages in the order of their import paths, as far as their imports are initialized
// ("Package initialization" in the language's specification). This package comes before go-graphviz
// as long as it imports nothing that go-graphviz does not import. A package that imports both comes
// after both and calls [Done].
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
		// not writable: go-graphviz compiles anew in half a second and keeps nothing
		dir = os.DevNull
	}
	os.Setenv(variable, dir)
}

// Done restores the system's temporary directory.
func Done() {
	if set {
		os.Setenv(variable, before)
	} else {
		os.Unsetenv(variable)
	}
}

// private returns a writable directory that belongs to the user alone: go-graphviz panics if it
// can't keep its code.
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
