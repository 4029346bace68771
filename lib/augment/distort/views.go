package distort

import "fmt"

// Views holds the distortions that turn an image into a view for self-supervised learning. A step
// of probability 0 is left out of the graph. [Parse] reads views from text.
type Views struct {
	Crop      Window
	Flip      float64 // probability of exchanging left and right
	Distort   Distort
	Jitter    Jitter
	Grayscale float64 // probability that an image of three channels becomes gray
	Erase     Erase
}

// Window is a random crop (torchvision's RandomCrop with padding): a window of the image's size,
// cut out of the image with a border of this many black pixels.
type Window struct {
	Probability float64
	Pixels      int
}

// Distort is a random affine warp about the centre (torchvision's RandomAffine): rotation, shear
// and scale, then a translation by whole pixels. Pixels from outside the image are black.
type Distort struct {
	Probability float64
	Degrees     float64    // largest rotation, in degrees, in both directions
	Translate   float64    // largest translation, as a fraction of the side
	Scale       [2]float64 // range of the factor of enlargement; {1, 1}: none
	Shear       float64    // largest shear of the columns, in degrees, in both directions
}

// Jitter changes the colours (torchvision's ColorJitter): brightness, contrast, saturation and hue,
// always in this order. The factors of brightness, contrast and saturation lie in max(0, 1-s)..1+s.
// The hue rotates by a fraction of the colour circle in -Hue..Hue. Images that do not have three
// channels change in brightness and contrast only.
type Jitter struct {
	Probability, Brightness, Contrast, Saturation, Hue float64
}

// Erase sets a random rectangle to the mean colour (arXiv:1708.04896; torchvision's RandomErasing).
type Erase struct {
	Probability float64
	Area        [2]float64 // fraction of the image that the rectangle covers
	Ratio       [2]float64 // height : width of the rectangle
}

// Default returns distortions for images of about 32 x 32 pixels. Flip, jitter and grayscale
// are those of Barlow Twins (arXiv:2103.03230, section 2.1). A crop and an enlarging warp stand for
// the paper's random resized crop. Blur and solarisation are left out: images of this size have
// little detail to blur. Erase has torchvision's settings at half the probability.
func Default() Views {
	return Views{
		Crop:      Window{Probability: 1, Pixels: 4},
		Flip:      0.5,
		Distort:   Distort{Probability: 0.8, Degrees: 10, Translate: 0.15, Scale: [2]float64{1, 1.6}, Shear: 8},
		Jitter:    Jitter{Probability: 0.8, Brightness: 0.4, Contrast: 0.4, Saturation: 0.2, Hue: 0.1},
		Grayscale: 0.2,
		Erase:     Erase{Probability: 0.25, Area: [2]float64{0.02, 0.33}, Ratio: [2]float64{0.3, 3.3}},
	}
}

// Validate returns an error for settings that make no sense for h x w images.
func (v Views) Validate(h, w int) error {
	if p := v.Crop.Pixels; p < 0 || p > min(h, w) {
		return fmt.Errorf("the views' crop has %d pixels: give 0 (none) to %d, the pictures' side", p, min(h, w))
	}
	for _, n := range []struct {
		name      string
		value     float64
		low, high float64
	}{
		{"crop probability", v.Crop.Probability, 0, 1},
		{"flip probability", v.Flip, 0, 1},
		{"distort probability", v.Distort.Probability, 0, 1},
		{"jitter probability", v.Jitter.Probability, 0, 1},
		{"grayscale probability", v.Grayscale, 0, 1},
		{"erase probability", v.Erase.Probability, 0, 1},
		{"rotation", v.Distort.Degrees, 0, 180},
		{"translation", v.Distort.Translate, 0, 1},
		{"shear", v.Distort.Shear, 0, 80},
		{"brightness", v.Jitter.Brightness, 0, 1000},
		{"contrast", v.Jitter.Contrast, 0, 1000},
		{"saturation", v.Jitter.Saturation, 0, 1000},
		{"hue", v.Jitter.Hue, 0, 0.5},
	} {
		if !(n.value >= n.low && n.value <= n.high) { // catches NaN, too
			return fmt.Errorf("the views' %s is %g: give %g to %g", n.name, n.value, n.low, n.high)
		}
	}
	for _, n := range []struct {
		name  string
		used  bool
		value [2]float64
		high  float64
	}{
		{"scale", v.Distort.Probability > 0, v.Distort.Scale, 1000},
		{"erased area", v.Erase.Probability > 0, v.Erase.Area, 1},
		{"erased rectangle's ratio", v.Erase.Probability > 0, v.Erase.Ratio, 1000},
	} {
		if n.used && !(n.value[0] > 0 && n.value[0] <= n.value[1] && n.value[1] <= n.high) {
			return fmt.Errorf("the views' %s is %g to %g: give two numbers above 0 and not above %g, the smaller one first", n.name, n.value[0], n.value[1], n.high)
		}
	}
	return nil
}
