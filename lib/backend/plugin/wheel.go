package plugin

import (
	"fmt"
	"path/filepath"
	"runtime"
)

// wheel is a package on PyPI at one version, with the SHA-256 of its Linux file for each supported
// processor (GOARCH).
type wheel struct {
	name, version string
	sha256        map[string]string
}

// Wheel is a Python package that contains a plugin.
type Wheel struct {
	wheel
	library   string  // the plugin's path in the wheel
	libraries []wheel // its dependencies
	Size      string  // of the downloads, for messages
}

// wheels are the plugins that Install can install. To move to another version, take the hashes from
//
//	python3 -m pip install --dry-run --no-deps --ignore-installed --only-binary=:all: --quiet --report - NAME==VERSION
var wheels = []Wheel{cpuWheel, cuda13Wheel, cuda12Wheel}

var cpuWheel = Wheel{
	wheel: wheel{"xla-cpu-pjrt", "0.0.1", map[string]string{
		"amd64": "55837b6b7b47daa717f2d9a5a03563ea0ceaa338d06a81a1e2d3f060d960decc",
		"arm64": "8f613be6e891858f40d64f9799319502fff42689661944fc18a6ffd8210b30c9",
	}},
	library: "xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so",
	Size:    "63 MB",
}

// here reports whether the wheel has a file for this processor.
func (w wheel) here() bool { return w.sha256[runtime.GOARCH] != "" }

// requirement returns the wheel as a line of a requirements file, with its hash.
func (w wheel) requirement() string {
	return fmt.Sprintf("%s==%s --hash=sha256:%s\n", w.name, w.version, w.sha256[runtime.GOARCH])
}

// String returns name and version.
func (w wheel) String() string { return w.name + " " + w.version }

// dir returns the directory of the unpacked wheel in a directory of plugins.
func (w wheel) dir(plugins string) string {
	return filepath.Join(plugins, w.name+"-"+w.version+suffix(runtime.GOARCH))
}

// suffix distinguishes the directories of processors that share a directory of plugins, as machines
// with a common home directory do. Directories for amd64 have none.
func suffix(arch string) string {
	if arch == "amd64" {
		return ""
	}
	return "-" + arch
}

// path returns the path of the plugin in a directory of plugins.
func (p Wheel) path(plugins string) string {
	return filepath.Join(p.dir(plugins), filepath.FromSlash(p.library))
}
