// Package attack searches small changes of images that make a classifier fail, and measures the
// share of images that withstand them.
//
//	pixels, err := model.Pixels(set.Mean, set.Std)          // network.Model
//	result, err := attack.Run(ctx, pixels, images, attack.Options{
//		Method: "pgd", Eps: []float64{1. / 255, 8. / 255},
//	}, nil)
//	fmt.Println(result.At[1].Robust)                       // share of images that withstand 8/255
//
// # Threat model
//
// An image x has pixels in 0..1. An adversarial image x' has pixels in 0..1 as well and lies within
// epsilon of x: |x'-x| <= epsilon in every pixel (L-infinity), or in the Euclidean norm over all
// pixels (L2). Epsilon is in units of a pixel's range, so 8/255 is eight of 256 grey levels,
// whatever the data set's standard deviation. The network is in evaluation mode. White-box attacks
// use gradients with respect to its images ([Classifier.Gradient]), black-box attacks use logits
// only.
//
// # Methods
//
//   - fgsm, one step along the gradient's sign (L2: along the gradient), arXiv:1412.6572;
//   - pgd, several such steps, each projected back into the ball, from random points of it,
//     arXiv:1706.06083;
//   - apgd, PGD that chooses its step size, on the cross-entropy and on the difference of logits
//     ratio (DLR), arXiv:2003.01690; apgd-ce and apgd-dlr use one of the two losses, apgd-t uses DLR
//     with nine target classes;
//   - fab-t, the nearest decision boundary of each of nine target classes, arXiv:1907.02044;
//   - square, random search by squares without gradients, arXiv:1912.00049;
//   - autoattack, the standard of arXiv:2003.01690: apgd-ce, apgd-t, fab-t, square in this order,
//     each on the images that withstood those before.
//
// The formulas of the last four follow the authors' code (fra31/auto-attack, commit a392200). Tests
// compare them with its numbers; the random numbers are this package's own. On 1,000 images of a
// small network autoattack leaves 84.9 % at 12/255 and 30.5 % at 18/255, as the authors' code does
// (testdata/thousand.py).
//
// # Reading the numbers
//
// [At] has two accuracies for each epsilon. Accuracy is the accuracy on the adversarial images of
// this epsilon. Robust is the share of images whose class no attack with this or a smaller epsilon
// of the run changed: an adversarial image of a smaller ball lies in the larger one as well. Robust
// falls with epsilon. Accuracy need not fall: a large step can jump over an adversarial image that
// a small step finds.
//
// An attack gives an upper bound of the true robustness. A low accuracy is proven, a high one may
// be due to a weak attack: [Result.Warnings] reports the five signs of a misleading evaluation from
// the authors' flags page.
//
// # Determinism
//
// The random numbers of an image depend on the seed, the method, epsilon and the image's index. The
// result therefore does not depend on the batches, and an interrupted run ends with the same bits.
package attack
