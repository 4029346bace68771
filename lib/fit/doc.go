// Package fit is the training engine shared by searches and trainings: the loop over epochs and
// steps, its checkpoints, the optimizers, the losses.
//
// # Runs that can stop anywhere
//
// A [Task] makes steps, ends epochs, and saves and restores its whole state. [Run] calls it,
// beginning at the last checkpoint in a [Store] or at the start. The random numbers of a task
// depend on (seed, epoch, step) alone (see [Random]), and its state contains everything that a step
// changes. The same checkpoint holds the loop's own position and running means. A run that is
// cancelled or killed, at any time and any number of times, therefore ends with the same bits as an
// uninterrupted one.
//
// # Checkpoints
//
// A [State] is a safetensors file with a checksum over all of it. It is written completely or not
// at all, and the previous checkpoint is kept: if one file is damaged, the run continues from the
// other. Checkpoints contain no times, so two runs can be compared byte by byte.
//
// # Optimizers
//
// [SGD] and [Adam] follow PyTorch's, including the order of operations where it affects the result.
// [LARS] and [WarmUp] follow the code of Barlow Twins. On CPUs they run on the host, on flat
// vectors of weights in shared memory, without compilation. On GPUs, whose memory is separate, they
// run on the device.
package fit
