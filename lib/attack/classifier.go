package attack

// Classifier is a network under attack. Images are float32 pixels in 0..1, [Batch,
// Channels*Side*Side], each with its channels one after the other. network.Pixels is one.
type Classifier interface {
	// Batch is the number of images in a call.
	Batch() int
	Classes() int
	Channels() int
	Side() int
	// Logits are the scores [Batch, Classes] of images. They are logits, not probabilities.
	Logits(images []float32) ([]float32, error)
	// Gradient is that of a loss with respect to images, in their shape. cotangent is given the
	// logits [Batch, Classes] and returns the loss's gradient with respect to them.
	Gradient(images []float32, cotangent func(logits []float32) []float32) ([]float32, error)
}

// size is the number of an image's pixels.
func size(c Classifier) int { return c.Channels() * c.Side() * c.Side() }

// best is the class of the largest logit; of equal ones the first.
func best(logits []float32) int {
	at := 0
	for k, z := range logits {
		if z > logits[at] {
			at = k
		}
	}
	return at
}

// margin is the true class's logit minus the largest of the others: negative where the classifier
// is wrong.
func margin(logits []float32, label int) float64 {
	other := -1
	for k, z := range logits {
		if k != label && (other < 0 || z > logits[other]) {
			other = k
		}
	}
	return float64(logits[label]) - float64(logits[other])
}
