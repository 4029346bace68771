// Package backend chooses what essnas computes on, installs it, and keeps what it has compiled.
//
// # Choice
//
// [Open] is the one place that decides. Its choice - the --backend flag, else $ESSNAS_BACKEND, else "auto" - is one of
//
//	auto   CUDA when a GPU answers, else the CPU, else pure Go with a loud warning
//	cuda   XLA on an NVIDIA GPU
//	cpu    XLA on the CPU
//	go     GoMLX's backend in pure Go: for small tests of arithmetic only, convolutions are some 100 times slower
//	rehearsal  XLA on the CPU, treated as a GPU in everything that follows: to try without one what can be tried of it
//	PATH   an XLA plugin (a shared library with the PJRT interface) that is there already
//
// All but "go" load a PJRT plugin, a shared library of a few hundred megabytes that holds the XLA compiler. A process
// has one client for each plugin: a second Open shares the first one's.
//
// # Installation
//
// A plugin is looked for
//
//  1. in the directories of $PJRT_PLUGIN_LIBRARY_PATH, when it is set,
//  2. in the cache directory (see [CacheDir]), where step 4 puts it,
//  3. where go-xla's installer and Python packages put theirs,
//  4. on PyPI: a wheel whose name, version and SHA-256 are in this package's source, fetched by "python3 -m pip
//     download", so that the user's proxy and index settings hold,
//  5. from go-xla's own installer.
//
// Step 4 happens once: the wheel is unpacked into a temporary directory that is then renamed, so a plugin is there as a
// whole or not at all, and a file lock makes a second process wait for the first one's result.
//
// # Executables kept on disk
//
// XLA compiles for seconds to minutes; the result depends on nothing but the program, the compiler and the processor.
// This package therefore puts itself between go-xla and the plugin, and keeps what was compiled in the cache directory:
// the second start of anything loads instead. The results are the same bits. See executables.go for the format and
// hook.go for how it is done. A cache that is damaged, foreign, full or unwritable costs time, never correctness; what
// went wrong is told by [Backend.Stats].
//
// A process has each program in memory once, however often it is compiled, and keeps some that nobody uses any more for whoever comes next (shared.go).
//
// # GPUs
//
// Where the device's memory is not the host's, nobody waits for an execution: go-xla does, by an event that it asks for and that this package takes out of the
// request. Executions queue up on the device in their order, a copy to the host waits for what it copies, and an error comes back with the first such copy. So
// the host is ahead of the device, until it reads.
//
// What is the fastest way to compute something there is raced (package block); [Choices] are the outcome, kept in the cache directory for all runs on such a
// device (see [Backend.Racing]). XLA is told to leave out those of cuDNN's algorithms that add up in another order each time, and not
// to compute products of float32 numbers in TF32, its default: float32 means the same on every device.
//
// # Memory
//
// [Retune], called first in main, sets glibc's allocator to what XLA on a CPU wants: far fewer page faults.
package backend
