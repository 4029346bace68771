package plugin

import (
	"debug/elf"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/gomlx/go-xla/pjrt"
)

// Kind is the kind of device that a plugin computes on.
type Kind string

// The kinds of plugins.
const (
	CUDA Kind = "cuda"
	CPU  Kind = "cpu"
)

// KindOf tells CUDA from CPU by the name of the plugin's file.
func KindOf(plugin string) Kind {
	if name := filepath.Base(plugin); pjrt.IsCUDAName(name) || strings.Contains(name, "gpu") {
		return CUDA
	}
	return CPU
}

// Describe returns the package and version of the plugin at a path, or the file's name if this
// package has not installed it.
func Describe(plugin string) string {
	for _, w := range wheels {
		if strings.Contains(plugin, string(filepath.Separator)+filepath.Base(w.dir(""))+string(filepath.Separator)) {
			return w.String()
		}
	}
	return filepath.Base(plugin)
}

// Installed lists the plugins of a kind in all places of installation, the preferred one first,
// without loading them. It leaves out plugins for other processors. plugins is the directory of
// [Install].
func Installed(kind Kind, plugins string) []string {
	var found []string
	add := func(pattern string) {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			if real, err := filepath.EvalSymlinks(file); err == nil {
				file = real
			}
			if isFile(file) && KindOf(file) == kind && !foreign(file) && !slices.Contains(found, file) {
				found = append(found, file)
			}
		}
	}
	addDir := func(dir string) {
		for _, name := range []string{"pjrt_c_api_*_plugin.so", "pjrt_plugin_*.so", "pjrt-plugin-*.so", "xla_*_pjrt.so", "xla_*_plugin.so"} {
			add(filepath.Join(dir, name))
		}
	}
	for _, dir := range filepath.SplitList(os.Getenv("PJRT_PLUGIN_LIBRARY_PATH")) {
		if dir != "" {
			addDir(dir)
		}
	}
	for _, w := range wheels {
		if w.Whole(plugins) {
			add(w.path(plugins))
		}
	}
	for _, dir := range goXLADirs() {
		addDir(dir)
	}
	for _, dir := range pythonDirs() {
		for _, w := range wheels {
			add(filepath.Join(dir, filepath.FromSlash(w.library)))
		}
	}
	return found
}

// machines are the processors for which there are plugins, by GOARCH.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// foreign reports whether a file is a library for another processor than that of this program. A
// home directory or cache that different machines share may hold one. A file in another format is
// not foreign: loading it tells the user about the damage.
func foreign(file string) bool {
	library, err := elf.Open(file)
	if err != nil {
		return false
	}
	defer library.Close()
	here, known := machines[runtime.GOARCH]
	return known && library.Machine != here
}

// goXLADirs lists the directories of go-xla's installer: for the user, for all users.
func goXLADirs() []string {
	lib := []string{"/usr/local/lib"}
	if home, err := os.UserHomeDir(); err == nil {
		lib = []string{filepath.Join(home, ".local", "lib"), "/usr/local/lib"}
	}
	var dirs []string
	for _, l := range lib {
		dirs = append(dirs, filepath.Join(l, "go-xla"), filepath.Join(l, "go-xla", "nvidia"))
	}
	return dirs
}

// pythonDirs lists the directories of Python's packages: those of an active environment, of the
// user and of the system.
func pythonDirs() []string {
	roots := []string{os.Getenv("VIRTUAL_ENV"), os.Getenv("CONDA_PREFIX")}
	if home, err := os.UserHomeDir(); err == nil {
		roots = append(roots, filepath.Join(home, ".local"))
	}
	var dirs []string
	for _, root := range append(roots, "/usr/local", "/usr") {
		if root == "" {
			continue
		}
		for _, name := range []string{"site-packages", "dist-packages"} {
			d, _ := filepath.Glob(filepath.Join(root, "lib", "python3*", name))
			dirs = append(dirs, d...)
		}
	}
	return dirs
}

// For returns the wheel with the plugin of a kind for this machine. It returns an error if there is
// no GPU, or its driver is too old for all of them.
//
// There is no second source: an installer without a hash in this package's source would be used
// exactly when a hash is wrong.
func For(kind Kind) (Wheel, error) {
	if kind != CUDA {
		return cpuWheel, nil
	}
	gpus, _ := GPUs()
	return cudaWheel(gpus)
}
