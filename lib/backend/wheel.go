package backend

import (
	"fmt"
	"path/filepath"
	"runtime"
)

// wheel is a package on PyPI at one version, with the SHA-256 of its file for each processor (GOARCH) that has one.
// The files are for Linux.
type wheel struct {
	name, version string
	sha256        map[string]string
	megabytes     int // of the download, for messages
}

// pluginWheel is a wheel that holds a plugin.
type pluginWheel struct {
	wheel
	library string // the plugin's path in the wheel
}

var cpuWheel = pluginWheel{
	wheel: wheel{"xla-cpu-pjrt", "0.0.1", map[string]string{
		"amd64": "55837b6b7b47daa717f2d9a5a03563ea0ceaa338d06a81a1e2d3f060d960decc",
		"arm64": "8f613be6e891858f40d64f9799319502fff42689661944fc18a6ffd8210b30c9",
	}, 63},
	library: "xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so",
}

// here says whether the wheel has a file for this system.
func (w wheel) here() bool { return runtime.GOOS == "linux" && w.sha256[runtime.GOARCH] != "" }

// requirement is the wheel as a line of a requirements file, with its hash.
func (w wheel) requirement() string {
	return fmt.Sprintf("%s==%s --hash=sha256:%s\n", w.name, w.version, w.sha256[runtime.GOARCH])
}

func (w wheel) String() string { return w.name + " " + w.version }

// dir is where the wheel is unpacked in a directory of plugins.
func (w wheel) dir(plugins string) string { return filepath.Join(plugins, w.name+"-"+w.version) }
