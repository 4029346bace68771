// Package jupyter brings JupyterLab and its Go kernel up on a checkout of essnas: the kernel's tools are built from the checkout's go.mod, and JupyterLab is installed
// into a virtual environment of its own, from a list of packages with their hashes (requirements.txt).
//
// It links no XLA: the kernel's launcher uses it.
package jupyter
