// Package export writes a trained network in formats that other programs read.
//
// # Formats
//
//   - ONNX: a file for ONNX Runtime, OpenCV, TensorRT and most other programs. [ONNX] writes opset
//     13 with a dynamic batch: input "images" float32 [batch, channels, side, side], output
//     "logits" float32 [batch, classes]. Pixels are on the scale 0..1; the normalisation by the
//     data set's mean and standard deviation is the network's first step, unless it is left out.
//   - safetensors: the weights as named, shaped arrays. [Safetensors] uses the names and the order
//     of axes of the PyTorch code that came with DARTS, so a network of that code loads them.
//   - StableHLO: the text of one program in evaluation mode, weights included. [StableHLO] fixes
//     the batch.
//
// # Loading the weights in PyTorch
//
// The arrays are the state_dict of NetworkCIFAR, without its auxiliary head, in the reference
// implementations of DARTS (directory cnn), PC-DARTS and P-DARTS:
//
//	from safetensors.torch import load_file
//	from model import NetworkCIFAR             # of that repository
//	import genotypes                           # essnas genotype text: runs/.../genotype.py
//
//	net = NetworkCIFAR(C=36, num_classes=10, layers=20, auxiliary=False,
//	                   genotype=genotypes.PC_DARTS)
//	net.load_state_dict(load_file("model.safetensors"))
//	net.drop_path_prob = 0.0
//	net.eval()
//	logits, _ = net(images)                    # [batch, 3, 32, 32], normalised by mean and std
//
// C, num_classes, layers, genotype, mean and std are texts of the file's metadata, which
// safetensors.safe_open(...).metadata() returns. Convolutions are [out, in/groups, height, width],
// norms have weight, bias, running_mean and running_var, the classifier is [classes, features].
// That code has no capsules. Their arrays have names of this package
// (cells.1._ops.2.route.transform). Export a network with capsules to ONNX or StableHLO to run it
// elsewhere.
//
// Images with one channel need a stem for one channel, which is the only line to change there:
//
//	net.stem[0] = torch.nn.Conv2d(1, 3 * C, 3, padding=1, bias=False)
//
// # How it is done
//
// [Layers] turns a network into a list of layers in the order of their computation, each with its
// arrays in PyTorch's order. The writers of ONNX and safetensors read this list only. ONNX is
// written with protowire, the encoding layer of Google's protobuf module; the schema is onnx.proto
// of ONNX 1.15.
package export
