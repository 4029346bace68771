// Package golden holds numbers that PyTorch computed, for tests that want the same ones from Go.
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
//	ops       each operation alone, named PRIMITIVE_strideS (norms without scale and bias, pools followed by such a norm),
//	          PRIMITIVE_strideS_affine (as in a found network), ..._bare (a pool without a norm), ..._odd_bare (7x7 pixels),
//	          ..._ties_bare (equal largest values); stem, relu_conv_bn, relu_conv_bn_affine, factorized_reduce (12 to 6 channels)
//	mixed     a mixed operation: k4_stride1, k4_stride2 (partial channels, shuffled), k1_stride1, k1_stride2
//	cells     search cells, K=4, 16 channels: normal_after_reduction (preprocess0 is a factorized reduce), reduction
//	supernet  a PC-DARTS search network: 16 channels, 3 cells (the last two reduce), K=4, 10 classes, 4 images of 3x16x16
//	bilevel   three steps of supernet's network with its weights: Adam on alphas and betas (6e-4, 0.5, 0.999, decay 1e-3) with the batch
//	          valid/..., then SGD (0.1, momentum 0.9, decay 3e-2, clip 5) with train/...; stepI/... (alphas, betas) after each, final/weight/... at the end;
//	          gradient_norm before the clip, of the weights and of alphas and betas together
//	darts     a DARTS search network (K=1, no betas): 2 channels, 3 cells, 4 images of 1x12x12: sides become odd
//	networks  found networks, 4 channels, 4 images, auxiliary tower 8 and 16 wide: PC_DARTS_cifar (4 cells, 3x32x32), DARTS_V2 (3 cells, 1x28x28)
//	imagenet  a found network with the stem for ImageNet, without drop path or tower: PC_DARTS_image (4 channels, 3 cells, 1x64x64)
//	attack    (attack.py) a network of two layers, small/, and the found network found/ under attacks of other programs: images of FGSM and PGD,
//	          of Auto-PGD from given starts, of FAB, and how many images withstand Square and the standard set
//	corrupt   (corrupt.py) a picture under the corruptions of CIFAR-10-C by the original's code, and the random numbers that it drew
//	images    for the networks of that file, in evaluation with its running statistics: the gradient of the cross-entropy
//	          with respect to the images, gradient/x
//	barlow    the Barlow Twins loss of two embeddings a and b [16 images, 6 features], their correlation, gradients of both
//	projector Barlow Twins' projector of 7 features in layers of 6, 5 and 4
//	search    a PC-DARTS search with self-supervision: 4 channels, 3 cells, K=2, 3 classes, 32 pictures of 1x8x8, projector of 6 and 5;
//	          gradients_F/...: metrics and all gradients of a first step with ss_factor F, of both levels; labels/... (ss_factor 0, cutout)
//	          and mixed/... (0.3): metrics of each step and (epoch/...) epoch of two epochs, the first one frozen, final/weight
//	training  the training of DARTS_V2: 2 channels, 3 cells, 3 classes, 40 pictures of 1x24x24, auxiliary tower of full width (whose weights
//	          are drawn, not kept); metrics of each step and epoch of two epochs, final/weight, final/running/...
//	pretraining  that of DARTS_V2 by LARS, 2 channels, 3 cells, 40 pictures of 1x8x8, projector of 6 and 5, an epoch of warm-up: the same
//	counts    (counts.json) weights and multiply-accumulates of the published cells and of supernets
//
// # The names
//
// A case is a prefix that ends in a slash. In it
//
//	x, s0, s1, mix, alphas, betas   inputs; mix are the mixing weights of one edge (after the softmax), alphas and betas come before it
//	y, v                            output, and the cotangent v for which gradients are taken, of sum(y*v)
//	labels, logits, loss            of whole networks; gradients are those of the loss, in networks of total_loss = loss + 0.4 auxiliary_loss
//	masks, keep                     drop path: [cells, 8 edges, batch] of zeros and ones; a path is divided by keep and multiplied by its mask,
//	                                but for identities
//	gradient/INPUT                  gradients of inputs
//	weight/NAME, gradient/NAME      weights and their gradients
//	running/NAME                    running_mean and running_var after the one step in training, which y or logits are from
//	y_eval, logits_eval             what the same input gives afterwards, in evaluation
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
//	conv1 conv2 bn                                           factorized reduce: even positions, odd positions
//	depthwise1 pointwise1 bn1 depthwise2 pointwise2 bn2      sep_conv
//	depthwise pointwise bn                                   dil_conv
//
// Edges of search cells are counted state by state, in each by their source: 0-2, 1-2, 0-3, 1-3,
// 2-3, ... Edges of a found cell are its genes in the genotype's order.
//
// Of search, training and pretraining the gradients and the final weights are packed, all of a kind
// in one array: parity.Unpack cuts it. Their batches are not kept: draws.py draws orders, crops,
// flips, squares, views and dropped paths as this repository does, from its documentation, with a
// PCG of its own. Whoever changes what a run draws has to change it there, and to make these files
// again.
//
// # How they were made
//
// By make.py with Python 3.11.7, torch 2.15.0 (on a CPU, one thread, deterministic algorithms),
// numpy 2.4.6, safetensors 0.8.0:
//
//	pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0
//	python lib/internal/golden/make.py
//
// The script computes every case in float64, too, and refuses those where float32 is further away
// than 2e-5 (of the largest value of an array): there a ReLU or an arg-max flips with the last bit,
// and no port could be told right from wrong. The networks are in the directory pytorch, written
// from the papers (arXiv:1806.09055, arXiv:1907.05737, arXiv:2103.03230); package bench times them
// beside this code.
package golden
