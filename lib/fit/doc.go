// Package fit is the training engine that searches and trainings share: the loop over epochs and steps, its checkpoints, the optimizers, the losses.
//
// # Runs that can be stopped anywhere
//
// What is fitted is a [Task]: it makes one step, ends an epoch, and gives or takes its whole state. [Run] calls it, from the last checkpoint in a [Store] or from
// the start. A task draws whatever is random from (seed, epoch, step) alone (see [Random]), and its state holds all that a step changes; the loop's own
// place and running means travel in the same checkpoint. So a run that was cancelled or killed, at any moment and as often as one likes, ends in the same bits as one
// that wasn't.
//
// # Checkpoints
//
// A [State] is a safetensors file with a checksum over all of it. It appears whole or not at all, and the one before it is kept: a file that was damaged is noticed, and
// the run goes on from the other. Nothing that depends on time is in it, so two runs can be compared byte by byte.
//
// # Optimizers
//
// [SGD] and [Adam] follow PyTorch's, to the order of operations where it shows in the result; [LARS] and [WarmUp] follow the code of Barlow Twins. They run on the host: weights are flat vectors that a CPU backend shares,
// and nothing has to be compiled for them. Where memory isn't shared, on GPUs, SGD runs on the device.
package fit
