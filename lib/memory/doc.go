// Package memory estimates the memory of a run before it starts, without compiling anything, and
// measures the available memory.
//
// # The estimate
//
// A [Need] consists of known and of measured parts. Known are the images, the weights, the state of
// the optimizer, and the arrays of the largest pass; block.Engine's Memory counts these arrays as
// the tape allocates and frees them. Measured are the program with XLA and its executables, their
// working memory, and the memory that malloc can't reuse. The estimate is within 20 % of the peak
// of real processes with batches of 16 to 96, 8 to 32 channels, 5 to 17 cells, K of 1 and 4, one
// view and two, and trainings of 20 cells, with all activations saved and with few. TRIED.md of
// package bench lists the measurements. The operations that later phases of a progressive search
// keep are unknown at the start, so the estimate assumes the most expensive ones.
//
// # The available memory
//
// [Room] on a CPU is the memory that the system reports as available plus the memory that this
// process already holds. If control groups leave less (a container, a job of a cluster), it is
// their limit minus what their other processes hold. On a GPU the plugin reports it.
package memory
