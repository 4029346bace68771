// Package block runs a network as many small executables instead of one large one.
//
// # The problem
//
// A search network computes eight operations on each of fourteen edges in each of eight cells. As one XLA graph, with
// its gradient, that is some hundred thousand instructions: it compiles for two minutes and takes 8 GB. Yet almost all
// of it is repetition. Every edge between 16-channel states of 32x32 images computes the same function of other arrays;
// in the whole network there are about sixteen different pieces.
//
// # Blocks
//
// A [Block] is such a piece: a pure function of shapes, from inputs and weights to outputs. It is compiled once for its
// shapes and called wherever these occur. Weights are not part of it. Each call brings its own as one flat vector, which
// the block cuts into its declared arrays ([Weight]); fewer, larger arrays make calls and optimizers cheap.
//
// # Runners
//
// A network is a Go function that makes calls on a [Runner]; calls of one label share their weights:
//
//	stem := r.Call("stem", stemBlock, []*Value{images}, nil)   // new values
//	r.Call("cell0/edge0", edgeBlock, stem, sum)                // added to a sum
//
// What happens is the runner's business. A [Plan] notes the calls: from it come the number of weights and their initial
// values, without a backend. A [Tape] runs each call as an executable of its own. Inside of [Fuse] all of them become
// parts of one graph, and thereby one block: so an executable spans an operation, an edge, a cell or a network, whichever
// measures best, and the model's code does not change.
//
// # The backward pass
//
// XLA never sees the whole network, so it can't differentiate it. The tape does, in the way of every tape since
// Wengert's (1964): it remembers the calls, and then pulls gradients through them in reverse. For a call y = f(x, w) and
// the gradient g of the loss with respect to y, what has to be added to the gradient of x is
//
//	x-bar += (df/dx)^T g
//
// which is the gradient of the scalar sum(f(x, w) * g) for fixed g, the cotangent. That is how the backward executable of
// a block is made, from the same function as the forward one, by GoMLX's automatic differentiation. Where a value is read
// by several calls, their contributions add up, in reverse program order; where several calls add to a sum, each gets the
// sum's gradient as its cotangent, without a kernel of its own.
//
// # What is remembered
//
// Done naively, the backward executable computes f again. Three marks in a block's function say what the forward pass
// hands over instead:
//
//   - [Ctx.Save] a value that gradients flow through: the outputs of convolutions, expensive and small.
//   - [Ctx.Keep] a value without gradient: the statistics of a norm, the winners of a max pool.
//   - [Ctx.Site] the place where weights enter. It lets the backward pass be two executables ([Separate]): one
//     pulls cotangents to the inputs and notes those that pass the sites, the other turns these into gradients of the weights. An
//     architecture step wants gradients of the mixing weights only and leaves out the second, a third of the time.
//
// Everything between the marks is computed again: it is cheap (activations, normalisation), or fuses into its readers.
//
// # Time and memory
//
// The calls of a tape are tasks that depend on each other through the values they read and write. [Engine].Lanes of them
// run at a time, because a small kernel does not fill the cores by itself; the order in which sums are formed is the
// program's, so the bits do not depend on timing. Arrays are freed by hand, as soon as the backward pass is done with
// them: Go's garbage collector does not see memory on a device, and would come too late. A sum's array is donated to the
// executable that adds to it.
//
// [Engine.Memory] tells what a [Pass] takes before anything is compiled: it walks through the plan as a tape would, making and freeing arrays whose shapes come from
// graphs that are built and thrown away. With one lane this is exact, which a test holds against what the backend counts. Most of it is what is saved: of
// a search step of PC-DARTS 520 of 705 MB. [SaveLittle] computes images again instead, on a CPU to the same bits.
//
// # Lowering
//
// Blocks declare images as float32 [channels, height, width, batch]. How they are kept on the device, in which order of axes and in which numbers, is the
// engine's [Lowering], and no block's business: it is the one switch between a CPU and a GPU. [Open] chooses the layout by the kind of backend; the precision is
// a run's setting. The layout of GPUs and half precision have been tried on a CPU only: there the other layout computes the same to 1e-5 (PyTorch's gradients to
// 1e-4), and half precision the same loss to 2 % with a gradient in the same direction (cosine 0.999 for weights, 0.99 for alphas and betas, of a search network of
// three cells). Float32 is not TF32 (package backend).
//
// # Races
//
// Where a block can be computed in several ways ([Ctx.Way]) and the engine's lowering has a record of choices, as on GPUs, [Engine.Race] times them before
// anything is compiled: values and gradients on images of the run's shapes, each way in turn, half a second for each place. The record is the
// run's, which takes the same ways when it goes on, and fills from a file that remembers from run to run, so that a device races each place once. On CPUs nothing is
// raced: the first way is taken, or a kernel.
//
// # Several devices
//
// [Several] makes an engine whose executables run on n devices at once (SPMD): each has its part of every batch, all have the same weights. Blocks are written for the part of one;
// what is computed over the whole batch goes through [Ctx.Total], an all-reduce. A value is then one array a device: parts of the batch ([Engine.Split]), or copies.
// Gradients of weights and of mixing weights are sums over images, so each device has its share of them; they are added up where they are read ([Value.Gradient]).
// n devices compute what one would with the whole batch, but for rounding; only the dropout of skip connections draws other values.
//
// # Evaluation
//
// With mode [Evaluate] norms use running statistics and nothing is remembered: a value is freed when its last reader has run.
//
// # Gradients of images
//
// An attack, or a map of the pixels that a class depends on, asks a trained network for the gradient
// of its images. That is mode [Evaluate] with the backward pass [Images]: norms are linear, with
// their running statistics; weights get no gradient, so no executable is compiled for theirs; and
// of the values that blocks mark ([Ctx.Save], [Ctx.Keep]) the forward pass hands over only those
// that a gradient of an input reads. Inputs that trainings hold constant, the images, get a gradient.
package block
