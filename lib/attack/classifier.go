package attack

// Classifier is a network under attack. Images are float32 pixels in 0..1, [Batch,
// Channels*Side*Side], channel by channel. network.Pixels implements it.
type Classifier interface {
	// Batch is the number of images in a call.
	Batch() int
	Classes() int
	Channels() int
	Side() int
	// Logits returns the scores [Batch, Classes] of images, before the softmax. It returns an error
	// if the network can't compute.
	Logits(images []float32) ([]float32, error)
	// Gradient returns the gradient of a loss with respect to images, in their shape. cotangent
	// receives the logits [Batch, Classes] and returns the loss's gradient with respect to them.
	// Gradient returns an error if the network can't compute.
	Gradient(images []float32, cotangent func(logits []float32) []float32) ([]float32, error)
}

// size returns the number of pixels of an image.
func size(c Classifier) int { return c.Channels() * c.Side() * c.Side() }

// best returns the class of the largest logit, the first one of equal logits.
func best(logits []float32) int {
	at := 0
	for k, z := range logits {
		if z > logits[at] {
			at = k
		}
	}
	return at
}

// margin returns the logit of the true class minus the largest other logit. It is negative if the
// classifier is wrong.
func margin(logits []float32, label int) float64 {
	other := -1
	for k, z := range logits {
		if k != label && (other < 0 || z > logits[other]) {
			other = k
		}
	}
	return float64(logits[label]) - float64(logits[other])
}
