package main

import (
	"bytes"
	"os"
	"path/filepath"
)

// goKernels are the kernelspecs of GoNB, the Go kernel, in the directories where Jupyter looks for kernels: $JUPYTER_PATH, the user's, the
// system's (docs.jupyter.org, "Common directories and file locations").
func goKernels() (specs []string) {
	dirs := filepath.SplitList(os.Getenv("JUPYTER_PATH"))
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, ".local", "share", "jupyter"), filepath.Join(home, "Library", "Jupyter"))
	}
	for _, dir := range append(dirs, "/usr/local/share/jupyter", "/usr/share/jupyter") {
		found, _ := filepath.Glob(filepath.Join(dir, "kernels", "*", "kernel.json"))
		for _, spec := range found {
			if text, err := os.ReadFile(spec); err == nil && bytes.Contains(text, []byte("gonb")) {
				specs = append(specs, spec)
			}
		}
	}
	return
}
