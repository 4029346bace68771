// Package golden holds numbers that PyTorch has computed, for tests that expect the same numbers
// from Go.
//
//	want := golden.Under(golden.Read(t, "ops"), "sep_conv_3x3_stride2/")
//	golden.Close(t, "output", got, want["y"].Data, 1e-4)
//
// # The files
//
// All arrays are float32 in torch's layouts: images [batch, channels, height, width], convolutions
// [out, in/groups, height, width], linear layers [out, in]. Array.Transpose brings them into
// another one.
//
//	ops          each operation alone, named PRIMITIVE_strideS (norms have no scale and bias,
//	             pools are followed by such a norm), PRIMITIVE_strideS_affine (as in a found
//	             network), ..._bare (a pool without a norm), ..._odd_bare (7x7 pixels),
//	             ..._ties_bare (equal largest values); stem, relu_conv_bn, relu_conv_bn_affine,
//	             factorized_reduce (12 to 6 channels)
//	mixed        a mixed operation: k4_stride1, k4_stride2 (partial channels, shuffled),
//	             k1_stride1, k1_stride2
//	cells        search cells, K=4, 16 channels: normal_after_reduction (preprocess0 is a
//	             factorized reduce), reduction
//	supernet     a PC-DARTS search network: 16 channels, 3 cells (the last two reduce), K=4, 10
//	             classes, 4 images of 3x16x16
//	bilevel      three steps of supernet's network with its weights. A step is Adam on alphas and
//	             betas (6e-4, 0.5, 0.999, decay 1e-3) with the batch valid/..., then SGD (0.1,
//	             momentum 0.9, decay 3e-2, clip 5) with train/... . stepI/... holds alphas and
//	             betas after each step, final/weight/... the weights at the end. gradient_norm is
//	             the norm before the clip, of the weights, and of alphas and betas together
//	darts        a DARTS search network (K=1, no betas): 2 channels, 3 cells, 4 images of 1x12x12:
//	             sides become odd
//	networks     found networks, 4 channels, 4 images, auxiliary tower 8 and 16 wide:
//	             PC_DARTS_cifar (4 cells, 3x32x32), DARTS_V2 (3 cells, 1x28x28)
//	imagenet     a found network with the stem for ImageNet, without drop path or tower:
//	             PC_DARTS_image (4 channels, 3 cells, 1x64x64)
//	attack       (attack.py) a network of two layers, small/, and the found network found/ under
//	             attacks of other programs: images of FGSM and PGD, of Auto-PGD from given starts,
//	             of FAB, and the numbers of images that withstand Square and the standard set
//	corrupt      (corrupt.py) a picture under the corruptions of CIFAR-10-C by the original code,
//	             and the random numbers of that code
//	images       the gradient of the cross-entropy with respect to the images, gradient/x, for the
//	             networks of the file networks, in evaluation mode with their running statistics
//	barlow       the Barlow Twins loss of two embeddings a and b [16 images, 6 features], their
//	             correlation, gradients of both
//	projector    Barlow Twins' projector of 7 features in layers of 6, 5 and 4
//	search       a PC-DARTS search with self-supervision: 4 channels, 3 cells, K=2, 3 classes, 32
//	             pictures of 1x8x8, projector of 6 and 5. gradients_F/... holds metrics and all
//	             gradients of a first step with ss_factor F, of both levels. labels/... (ss_factor
//	             0, cutout) and mixed/... (ss_factor 0.3) hold the metrics of each step and, under
//	             epoch/..., of each of two epochs, the first of which is frozen, and final/weight
//	training     the training of DARTS_V2: 2 channels, 3 cells, 3 classes, 40 pictures of 1x24x24,
//	             an auxiliary tower of full width (its initial weights are drawn again, not kept);
//	             metrics of each step and epoch of two epochs, final/weight, final/running/...
//	pretraining  the pretraining of DARTS_V2 by LARS: 2 channels, 3 cells, 40 pictures of 1x8x8,
//	             projector of 6 and 5, an epoch of warm-up; the same arrays as training
//	counts       (counts.json) weights and multiply-accumulates of the published cells and of
//	             supernets
//
// # The names
//
// A case is a prefix that ends in a slash. In it
//
//	x, s0, s1, mix, alphas, betas  inputs; mix holds the mixing weights of one edge, after the
//	                               softmax of alphas and betas
//	y, v                           output y, and the cotangent v of the gradients, which are those
//	                               of sum(y*v)
//	labels, logits, loss           of whole networks; gradients are those of the loss, or of
//	                               total_loss = loss + 0.4 auxiliary_loss
//	masks, keep                    drop path: [cells, 8 edges, batch] of zeros and ones; a path is
//	                               divided by keep and multiplied by its mask, but for identities
//	gradient/INPUT                 gradients of inputs
//	weight/NAME, gradient/NAME     weights and their gradients
//	running/NAME                   running_mean and running_var after one step in training, the
//	                               step of y or logits
//	y_eval, logits_eval            outputs for the same input afterwards, in evaluation mode
//
// NAME is a path of
//
//	stem.conv.weight  stem.bn.{weight,bias}  classifier.{weight,bias}
//	stem0.{conv1,bn1,conv2,bn2}  stem1.{conv,bn}
//	cells.I.preprocess0  cells.I.preprocess1  cells.I.edges.E.PRIMITIVE
//	auxiliary.{conv1,bn1,conv2,bn2,classifier}
//	alphas_normal  alphas_reduce [14, 8]  betas_normal  betas_reduce [14]
//
// and under a cell's parts
//
//	conv bn                                                  ReLU, 1x1 convolution, norm
//	conv1 conv2 bn                                           factorized reduce: even, odd positions
//	depthwise1 pointwise1 bn1 depthwise2 pointwise2 bn2      sep_conv
//	depthwise pointwise bn                                   dil_conv
//
// Edges of search cells are counted state by state, in each by their source: 0-2, 1-2, 0-3, 1-3,
// 2-3, ... Edges of a found cell are its genes in the genotype's order.
//
// In search, training and pretraining, one array holds all gradients or all final weights;
// parity.Unpack cuts it. These files do not contain the batches. draws.py follows the documentation
// of this repository and draws the same orders, crops, flips, squares, views and dropped paths,
// with its own PCG. A change of a run's random draws therefore needs the same change in draws.py,
// and new files.
//
// # How they were made
//
// By make.py with Python 3.11.7, torch 2.15.0 (on a CPU, one thread, deterministic algorithms),
// numpy 2.4.6, safetensors 0.8.0:
//
//	pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0
//	python lib/internal/golden/make.py
//
// The script also computes every case in float64. It refuses a case if float32 deviates by more
// than 2e-5 of the largest value of an array: a ReLU or an arg-max then flips with the last bit,
// and a test could not tell a right port from a wrong one. The directory pytorch has the networks,
// written from the papers (arXiv:1806.09055, arXiv:1907.05737, arXiv:2103.03230). Package bench
// compares their speed with this code.
package golden
