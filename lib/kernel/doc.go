// Package kernel computes in C what XLA is slow at on a CPU: separable and pointwise convolutions, pools and norms, forward and backward, on float32 images
// [channels, height, width, batch]. It also does in one call each what XLA is slow to compile: cutting the flat vector of weights and putting gradients together
// again, adding gradients to what there is so far, dealing channels.
//
// # Why
//
// XLA has no good form for a depthwise convolution on a CPU. As k*k shifted images it is memory traffic and a program of hundreds of instructions, each of
// which LLVM compiles; as a grouped convolution it is slower still, and the gradient of its weights is k*k reductions. A kernel reads an image once,
// keeps sums in registers, and is compiled when essnas is. A step of an 8-cell PC-DARTS search takes a third of the processor's time with it, and
// compiles in a tenth.
//
// # How a kernel gets into a program
//
//	ops         Call: a call of a function @essnas_max_pool__3_1_1_8__, whose body is zeros
//	backend     Install: before a program is compiled, that body becomes stablehlo.custom_call @essnas_max_pool
//	plugin      XLA's foreign function interface, where Register has put the kernels
//
// A backend whose programs go through Install is attached; On asks for that. Everywhere else (GPUs, other plugins, half precision, other layouts)
// package ops puts the same functions together from XLA's operations, against which tests hold the kernels.
//
// # What is in which file
//
// kernels.inc.h and what it includes have the kernels, on short vectors, and are compiled for three instruction sets (isa_*.c), of which the best that the processor has is used;
// ESSNAS_KERNELS=plain, avx2 or avx512 chooses another one, and off leaves all to XLA. handlers.c and handlers_images.inc.h read a call's arrays and spread their work over XLA's threads;
// ffi.h declares the parts of XLA's interface that this takes.
//
// # Bits
//
// Work is cut into units by shapes alone, and sums over units are formed in their order: the number of threads does not change the bits. The instruction set
// does, as it does for XLA; it is part of the key of compiled programs.
package kernel
