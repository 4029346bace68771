// Package backend selects the device, installs its plugin, and keeps compiled programs.
//
// # Choice
//
// [Open] decides. Its choice is the --backend flag, or $ESSNAS_BACKEND, or "auto":
//
//	auto       CUDA if a GPU answers, else the CPU, else pure Go with a warning
//	cuda       XLA on an NVIDIA GPU
//	cpu        XLA on the CPU
//	go         GoMLX's backend in pure Go, for small tests of arithmetic: convolutions are
//	           about 100 times slower
//	rehearsal  XLA on the CPU, treated as a GPU, to test the code for GPUs without one
//	PATH       an XLA plugin (a shared library with the PJRT interface) that is present
//
// All but "go" load a PJRT plugin, a shared library of a few hundred megabytes that contains the
// XLA compiler. A process has one client for each plugin: a second Open shares it.
//
// # Installation
//
// Open looks for a plugin
//
//  1. in the directories of $PJRT_PLUGIN_LIBRARY_PATH, if it is set,
//  2. in the cache directory (see [CacheDir]), the target of step 4,
//  3. in the directories of go-xla's installer and of Python packages,
//  4. on PyPI: a wheel whose name, version and SHA-256 are in this package's source, fetched by
//     "python3 -m pip download", so that the user's proxy and index settings apply. Another hash is
//     an error, and nothing else is tried.
//
// Step 4 happens once: the wheel is unpacked into a temporary directory, which is then renamed. A
// plugin is thus complete or absent. A file lock makes a second process wait for the first. Open
// compares the SHA-256 of the installed files with the wheel's list, and installs them again if one
// differs; it does so again only when a file has changed since.
//
// # Executables kept on disk
//
// XLA compiles for seconds to minutes. The result depends on the program, the compiler and the
// processor only. This package therefore intercepts the calls between go-xla and the plugin and
// keeps compiled programs in the cache directory; a second start loads them, with the same bits.
// executables.go describes the format and hook.go the interception. A cache that is damaged,
// foreign, full or read-only costs time, but never correctness; [Backend.Stats] reports the fault.
//
// A process holds each program in memory once, and keeps some unused ones for later runs
// (shared.go).
//
// # GPUs
//
// If the device's memory is separate from the host's, executions are asynchronous. go-xla would
// wait for each of them by an event that it requests; this package removes the event from the
// request. Executions run on the device in order. A copy to the host waits for its array, and the
// first such copy returns the errors. The host is therefore ahead of the device until it reads a
// result.
//
// Equivalent computations are raced to find the fastest (package block). [Choices] holds the
// winners, which the cache directory keeps for all runs on the same kind of device (see
// [Backend.Racing]). XLA's flags exclude those algorithms of cuDNN that sum in a varying order.
// Products of float32 numbers do not use TF32, XLA's default: float32 means the same on every
// device.
//
// # Memory
//
// [Retune], called first in main, sets glibc's allocator for XLA on a CPU, which causes far fewer
// page faults.
package backend
