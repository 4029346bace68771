// Package plugin finds and installs the plugins of XLA: shared libraries with the PJRT interface,
// one for CPUs, one for NVIDIA GPUs. It loads none of them.
//
// # Places
//
// A plugin is looked for
//
//  1. in the directories of $PJRT_PLUGIN_LIBRARY_PATH, if it is set,
//  2. in the cache directory (see [Dir]), the target of step 4,
//  3. in the directories of go-xla's installer and of Python packages,
//  4. on PyPI: a wheel whose name, version and SHA-256 are in this package's source, fetched by
//     "python3 -m pip download", so that the user's proxy and index settings apply. Another hash is
//     an error, and nothing else is tried.
//
// Step 4 happens once: the wheel is unpacked into a temporary directory, which is then renamed. A
// plugin is thus complete or absent. A file lock makes a second process wait for the first.
// [Install] compares the SHA-256 of the installed files with the wheel's list, and installs them
// again if one differs; it does so again only when a file has changed since.
package plugin
