// Package adversary computes adversarial images of a training batch on the device: for adversarial
// training, and for the robust terms of a search.
//
// Package attack searches adversarial test images of a finished network, one by one, on the host.
// Here the images are a batch of a training: normalised, augmented, in the engine's layout. A
// [Ball] keeps each pixel within epsilon of its clean value, on the scale 0..1 before the
// normalisation, and within 0..1.
//
//	ball := adversary.Ball{Mean: set.Mean, Std: set.Std, Side: 32, Batch: 64, Eps: 8. / 255}
//	x, err := ball.Find(engine, images, adversary.Search{Steps: 7, Step: 2. / 255, Random: r}, gradient)
//
// gradient runs the network and adds the gradient of the loss to its argument. The starting point
// is random (arXiv:1706.06083; with one step arXiv:2001.03994), or the image itself
// (arXiv:1412.6572).
package adversary
