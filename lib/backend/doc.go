// Package backend selects the device and opens it. Package plugin finds and installs the plugins of
// XLA; package pjrt loads them and keeps their compiled programs.
//
// # Systems
//
// essnas runs on Linux, on amd64 and arm64 processors, with NVIDIA GPUs on amd64. Plugins are
// shared libraries of Linux, and essnas uses Linux's control groups, parent-death signals and
// processor sets.
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
// # GPUs
//
// If the device's memory is separate from the host's, executions are asynchronous. go-xla would
// wait for each of them by an event that it requests; package pjrt removes the event from the
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
