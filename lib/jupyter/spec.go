package jupyter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/checkout"
)

// userKernels returns the directory of the user's own kernels (docs.jupyter.org, "Common
// directories and file locations").
func userKernels() (string, error) {
	if dir := os.Getenv("JUPYTER_DATA_DIR"); dir != "" {
		return filepath.Join(dir, "kernels"), nil
	}
	dir, err := os.UserHomeDir()
	switch {
	case err != nil:
		return "", err
	case runtime.GOOS == "darwin":
		return filepath.Join(dir, "Library", "Jupyter", "kernels"), nil
	case os.Getenv("XDG_DATA_HOME") != "":
		return filepath.Join(os.Getenv("XDG_DATA_HOME"), "jupyter", "kernels"), nil
	}
	return filepath.Join(dir, ".local", "share", "jupyter", "kernels"), nil
}

// extension is the path of the extension of JupyterLab below the directory of the checkout's or the
// user's extensions. The extension gives figures a text alternative and keeps them in their pane.
var extension = filepath.Join("labextensions", "essnas-alt")

// InstallKernel registers the kernel of a checkout, and the extension of JupyterLab, with the
// user's Jupyter and returns the directory of the kernelspec. It returns an error if the checkout's
// kernelspec is damaged or the directories can't be written.
func InstallKernel(c checkout.Tree) (spec string, err error) {
	if spec, err = userKernels(); err != nil {
		return "", err
	}
	spec = filepath.Join(spec, "essnas")
	own := filepath.Join(c.Root, "kernels", "essnas")
	text, err := os.ReadFile(filepath.Join(own, "kernel.json"))
	if err != nil {
		return "", err
	}
	var kernel map[string]any
	if err := json.Unmarshal(text, &kernel); err != nil {
		return "", fmt.Errorf("%s is damaged: %w", filepath.Join(own, "kernel.json"), err)
	}
	kernel["argv"] = []string{filepath.Join(own, "start"), "{connection_file}"}
	// Editors start kernels with another PATH.
	if program, err := exec.LookPath("go"); err == nil {
		kernel["env"] = map[string]string{"ESSNAS_GO": program}
	}
	if text, err = json.MarshalIndent(kernel, "", " "); err != nil {
		return "", err
	}
	for _, name := range []string{"package.json", filepath.Join("static", "remoteEntry.js")} {
		text, err := os.ReadFile(filepath.Join(c.Root, "kernels", extension, name))
		if err != nil {
			return "", err
		}
		file := filepath.Join(userExtension(spec), name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return "", err
		}
		if err := atomicfile.WriteBytes(file, text); err != nil {
			return "", err
		}
	}
	return spec, atomicfile.WriteBytes(filepath.Join(spec, "kernel.json"), append(text, '\n'))
}

// userExtension returns the directory of the user's extension, beside that of the user's kernels.
func userExtension(spec string) string {
	return filepath.Join(filepath.Dir(filepath.Dir(spec)), extension)
}

// RemoveKernel undoes InstallKernel and returns the directory of the kernelspec. It returns an
// error if there is no kernel or the directory can't be removed.
func RemoveKernel() (spec string, err error) {
	if spec, err = userKernels(); err != nil {
		return "", err
	}
	spec = filepath.Join(spec, "essnas")
	if _, err := os.Stat(spec); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no kernel in %s: nothing to remove", spec)
	}
	return spec, errors.Join(os.RemoveAll(userExtension(spec)), os.RemoveAll(spec))
}

// Kernels lists the kernelspecs of Go kernels in the directories of $JUPYTER_PATH, of the user and
// of the system.
func Kernels() (specs []string) {
	var dirs []string
	for _, dir := range filepath.SplitList(os.Getenv("JUPYTER_PATH")) {
		dirs = append(dirs, filepath.Join(dir, "kernels"))
	}
	if user, err := userKernels(); err == nil {
		dirs = append(dirs, user)
	}
	for _, dir := range append(dirs, "/usr/local/share/jupyter/kernels", "/usr/share/jupyter/kernels") {
		found, _ := filepath.Glob(filepath.Join(dir, "*", "kernel.json"))
		for _, spec := range found {
			if text, err := os.ReadFile(spec); err == nil && (bytes.Contains(text, []byte("gonb")) || bytes.Contains(text, []byte("essnas"))) {
				specs = append(specs, spec)
			}
		}
	}
	return
}
