package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/go-xla/installer"
)

// installed lists the plugins of a kind in all places of installation, the preferred one first,
// without loading them.
func installed(kind Choice, cacheDir string) []string {
	var found []string
	add := func(pattern string) {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			if real, err := filepath.EvalSymlinks(file); err == nil {
				file = real
			}
			if isFile(file) && kindOf(file) == kind && !slices.Contains(found, file) {
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
	plugins := pluginsDir(cacheDir)
	for _, w := range pluginWheels {
		if w.whole(plugins) {
			add(w.path(plugins))
		}
	}
	for _, dir := range goXLADirs(plugins) {
		addDir(dir)
	}
	for _, dir := range pythonDirs() {
		for _, w := range pluginWheels {
			add(filepath.Join(dir, filepath.FromSlash(w.library)))
		}
	}
	return found
}

// goXLADirs lists the directories of go-xla's installer: for this package, for the user, for all
// users.
func goXLADirs(plugins string) []string {
	lib := []string{plugins, "/usr/local/lib"}
	if home, err := os.UserHomeDir(); err == nil {
		lib = []string{plugins, filepath.Join(home, ".local", "lib"), "/usr/local/lib"}
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

// A source installs a plugin into a directory of plugins and returns its path.
type source func(ctx context.Context, plugins string, log io.Writer) (string, error)

// sources lists the ways to install a plugin of a kind, in the order of their attempts.
func sources(kind Choice) ([]source, error) {
	wheel := cpuWheel
	if kind == CUDA {
		gpus, _ := findGPUs()
		w, err := cudaWheel(gpus)
		if err != nil {
			return nil, err
		}
		wheel = w
	}
	fromWheel := func(ctx context.Context, plugins string, log io.Writer) (string, error) {
		return install(ctx, plugins, wheel, log)
	}
	fromGoXLA := func(_ context.Context, plugins string, log io.Writer) (string, error) {
		fmt.Fprintln(log, "Trying go-xla's own installer")
		err := installer.AutoInstall(plugins, true, installer.Quiet)
		for _, plugin := range installed(kind, filepath.Dir(plugins)) {
			if strings.HasPrefix(plugin, plugins) {
				return plugin, nil // the installer's error concerns another plugin
			}
		}
		return "", fmt.Errorf("go-xla's installer failed (%v)", innermost(err))
	}
	return []source{fromWheel, fromGoXLA}, nil
}

// innermost returns the error at the bottom of a chain, because go-xla's chains are long.
func innermost(err error) error {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}
