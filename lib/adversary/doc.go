// Package adversary moves a batch of training images against the network that learns from them, on
// the device: adversarial training, and the robust terms of a search.
//
// Package attack looks for adversarial test images of a finished network, one by one, on the host.
// Here the images are a batch of a training: normalised, augmented, in the engine's layout. A
// [Ball] keeps each within epsilon of its clean form, in pixels (0..1) before the normalisation,
// and within black and white.
//
//	ball := adversary.Ball{Mean: set.Mean, Std: set.Std, Side: 32, Batch: 64, Eps: 8. / 255}
//	x, err := ball.Find(engine, images, adversary.Search{Steps: 7, Step: 2. / 255, Random: r}, gradient)
//
// gradient runs the network and leaves the loss's gradient at the value that it is given. The start
// is random (arXiv:1706.06083; with one step arXiv:2001.03994), or the image itself
// (arXiv:1412.6572).
package adversary
