// Package customcall computes in C the functions that XLA compiles to slow code on a CPU: separable
// and pointwise convolutions, poolings and norms, forward and backward, on float32 images
// [channels, height, width, batch]. It also provides functions that XLA is slow to compile:
// splitting the flat vector of weights, joining and adding gradients, and shuffling channels.
//
// # Why
//
// XLA has no good form of a depthwise convolution on a CPU. As k*k shifted images it is limited by
// memory traffic and consists of hundreds of instructions that LLVM must compile. As a grouped
// convolution it is slower still, and the gradient of its weights becomes k*k reductions. A kernel
// reads an image once, keeps its sums in registers, and is compiled together with essnas. With
// kernels, a step of an 8-cell PC-DARTS search takes a third of the processor time and compiles in
// a tenth of the time.
//
// # How a kernel gets into a program
//
//	ops         Call: a call of a function @essnas_max_pool__3_1_1_8__, whose body is zeros
//	backend     Install: the body becomes stablehlo.custom_call @essnas_max_pool
//	plugin      XLA's foreign function interface, where Register has put the kernels
//
// A backend is attached if its programs pass through Install; [On] checks it. Everywhere else
// (GPUs, other plugins, half precision, other layouts) package ops composes the same functions of
// XLA's operations. Tests compare the kernels with these.
//
// # Files
//
// kernels.inc.h and its includes contain the kernels on short vectors. They are compiled for three
// instruction sets (isa_*.c), and the best set of the processor is used. ESSNAS_KERNELS=plain, avx2
// or avx512 selects another set, and off leaves everything to XLA. handlers.c and
// handlers_images.inc.h read the arrays of a call and distribute the work over XLA's threads; ffi.h
// declares the necessary parts of XLA's interface.
//
// # Bits
//
// The shapes alone determine the units of work, and sums over units are formed in a fixed order:
// the number of threads does not change a bit. The instruction set does, as it does for XLA; it is
// part of the key of compiled programs.
package customcall
