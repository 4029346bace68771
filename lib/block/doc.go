// Package block runs a network as many small executables instead of one large one.
//
// # The problem
//
// A search network computes eight operations on each of fourteen edges in each of eight cells. As
// one XLA graph with its gradient this is about a hundred thousand instructions, which compile for
// two minutes and take 8 GB. Yet almost all of it is repetition. Every edge between 16-channel
// states of 32x32 images computes the same function of other arrays; the whole network contains
// about sixteen different parts.
//
// # Blocks
//
// A [Block] is such a part: a pure function from inputs and weights to outputs, for fixed shapes.
// It is compiled once and called wherever these shapes occur. Weights are not part of it. Each call
// brings its own weights as one flat vector, which the block cuts into its declared arrays
// ([Weight]); few large arrays make calls and optimizers cheap.
//
// # Runners
//
// A network is a Go function that makes calls on a [Runner]. Calls of one label share their
// weights:
//
//	stem := r.Call("stem", stemBlock, []*Value{images}, nil)   // new values
//	r.Call("cell0/edge0", edgeBlock, stem, sum)                // added to a sum
//
// The runner determines the effect. A [Plan] records the calls: it gives the number of weights and
// their initial values without a backend. A [Tape] runs each call as an executable of its own.
// [Fuse] turns several calls into one graph and thereby one block: an executable can span an
// operation, an edge, a cell or a network, whichever is fastest, without a change of the model's
// code.
//
// # The backward pass
//
// XLA never sees the whole network, so it can't differentiate it. The tape does it instead, as in
// Wengert (1964): it records the calls, and computes their gradients in reverse. For a call y =
// f(x, w) and the gradient g of the loss with respect to y, the tape adds to the gradient of x
//
//	x-bar += (df/dx)^T g
//
// This is the gradient of the scalar sum(f(x, w) * g) for a fixed cotangent g. GoMLX's automatic
// differentiation thus derives the backward executable of a block from the function of the forward
// one. If several calls read a value, their contributions are added in reverse program order. If
// several calls add to a sum, each receives the gradient of the sum as its cotangent, without a
// kernel of its own.
//
// # Saved values
//
// A naive backward executable would compute f again. Three marks in a block's function select
// values that the forward pass saves instead:
//
//   - [Ctx.SaveForBackward]: a value with a gradient, such as the output of a convolution, which
//     is expensive and small.
//   - [Ctx.Keep]: a value without a gradient, such as the statistics of a norm or the arg-max of a
//     max pool.
//   - [Ctx.Site]: the place where weights enter. It splits the backward pass into two executables
//     ([Separate]). One computes the gradients of inputs and records the cotangents at the sites.
//     The other computes the gradients of weights from these. A step of the architecture needs
//     gradients of mixing weights only: without the second executable it takes a third less time.
//
// Everything between the marks is recomputed: it is cheap (activations, normalisation) or fuses
// into its readers.
//
// # Time and memory
//
// The calls of a tape are tasks that depend on each other through the values that they read and
// write. [Engine].Lanes of them run at a time, because a single small kernel leaves cores idle.
// Sums are formed in the order of the program, so the bits do not depend on timing. Arrays are
// freed explicitly as soon as the backward pass no longer needs them, because Go's garbage
// collector does not see memory on a device. The array of a sum is donated to the executable that
// adds to it.
//
// [Engine.Memory] computes the memory of a [Pass] before anything is compiled: it follows the plan
// like a tape and allocates and frees arrays whose shapes come from graphs that it builds and
// discards. With one lane the result is exact; a test compares it with the backend's count. Saved
// values are the largest part: 520 of 705 MB in a search step of PC-DARTS. [SaveLittle] recomputes
// images instead, on a CPU with the same bits.
//
// # Lowering
//
// Blocks declare images as float32 [channels, height, width, batch]. The engine's [Lowering]
// determines their layout and precision on the device, independent of the blocks: it is the only
// switch between a CPU and a GPU. [Open] chooses the layout by the kind of backend; the precision
// is a setting of the run. The layout of GPUs and half precision have been tested on a CPU only.
// There the other layout gives the same results to 1e-5 (PyTorch's gradients to 1e-4). Half
// precision gives the same loss to 2 % and a gradient in the same direction (for a search network
// of three cells the cosine is 0.999 for weights, 0.99 for alphas and betas). Float32 is not TF32
// (package backend).
//
// # Races
//
// If a block can be computed in several ways ([Ctx.Way]) and the engine's lowering records choices,
// as on GPUs, [Engine.Race] measures the ways before anything is compiled: values and gradients on
// images of the run's shapes, in turn, half a second for each place. A run keeps its choices when
// it continues. A file shares them between runs, so that a device races each place once. On CPUs
// there are no races: the first way or a kernel is used.
//
// # Several devices
//
// [DataParallel] returns an engine whose executables run on n devices at once (SPMD): each device
// has its part of every batch, and all have the same weights. Blocks are written for the part of
// one device. Computations over the whole batch use [Ctx.Total], an all-reduce. A value then
// consists of one array per device: parts of the batch ([Engine.Split]), or copies. Gradients of
// weights and of mixing weights are sums over images, so each device has its share of them; reading
// them adds the shares ([Value.Gradient]). n devices give the results of one device with the whole
// batch, up to rounding; only the dropout of skip connections draws other values.
//
// # Evaluation
//
// With mode [Evaluate] norms use running statistics and nothing is saved: a value is freed after
// its last reader has run.
//
// # Gradients of images
//
// An attack, or a map of the pixels that a class depends on, needs the gradient of a trained
// network with respect to its images. This is mode [Evaluate] with the backward pass [Images].
// Norms are linear, with their running statistics. Weights get no gradient, so no executable is
// compiled for theirs. Of the marked values ([Ctx.SaveForBackward], [Ctx.Keep]) the forward pass
// saves only those that a gradient of an input reads. Inputs that trainings hold constant, the
// images, get a gradient.
package block
