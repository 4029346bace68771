// Package jupyter runs JupyterLab and its Go kernel on a checkout of essnas. It builds the kernel's
// tools at the versions of the checkout's go.mod. It installs JupyterLab into a virtual environment
// from a list of packages with their hashes (requirements.txt).
//
// The package does not link XLA, so that the kernel's launcher can use it.
package jupyter
