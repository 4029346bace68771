// Package kit checks essnas on a new kind of GPU, step by step, and writes one file with all
// results and messages.
//
//	k := kit.Kit{Bench: b, Worker: []string{"essnas", "bench", "step"}, Path: "gpu.txt", ...}
//	r, err := k.Run(ctx)
//
// # Steps
//
//	machine         the driver, its GPUs, the environment
//	plugin          the XLA plugin is found or installed, and its library loads
//	device          the plugin finds the GPU; a product of matrices is that of the host
//	blocks          value and gradient of each block of a search network and of a found network
//	step float32    one step of a search: losses and norms of gradients are the CPU's
//	step bf16       the same in half precision
//	search          one minute of a search on the built-in images, and its continuation
//	table           the benchmark (package bench)
//
// Each step runs in a process of its own and has a time limit. A library that crashes, hangs or
// returns wrong numbers therefore costs one step; the others follow. A block at which the process
// dies is recorded, and another process goes on with the next block.
//
// # Comparison with the CPU
//
// Blocks and steps run twice, on the device and on the CPU, from the same inputs and weights, which
// are exact in float32. Blocks are those of a plan (block.Plan), so that a new operation is
// checked without a change here. Each is checked in two forms: convolutions as sums of shifted
// images and as operations of the library. For an array x of the device and y of the CPU the
// difference is |x - y| / |y| in the Euclidean norm. It may be 1e-3, which TF32 would exceed in
// sums of many products. Losses and norms of gradients of a step may differ by 1e-3, in half
// precision by 0.05.
//
// # The file
//
// The kit writes the whole file after every step. The file begins with a line for each step. The
// details, the messages of failed processes and the results as JSON follow.
//
// # Rehearsals
//
// backend.Rehearsal runs all steps on the CPU treated as a GPU. The tests put a plugin before the
// CPU's that crashes, hangs, refuses or computes wrongly in one step.
package kit
