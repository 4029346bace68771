// Package images contains images in memory, with their labels. It links nothing: code that handles
// images can use it without the download and the decoding of data sets (package data).
package images

// Images holds N images with their labels.
type Images struct {
	N, Height, Width, Channels int
	Pixels                     []uint8 // [N][Height][Width][Channels]
	Labels                     []uint8 // [N], indices of the classes
}

// Picture returns image i, [Height][Width][Channels], without a copy.
func (im Images) Picture(i int) []uint8 {
	n := im.Height * im.Width * im.Channels
	return im.Pixels[i*n : (i+1)*n : (i+1)*n]
}

// First returns the first n images without a copy, or all if there are fewer.
func (im Images) First(n int) Images {
	n = min(n, im.N)
	im.N, im.Pixels, im.Labels = n, im.Pixels[:n*im.Height*im.Width*im.Channels], im.Labels[:n]
	return im
}

// Histogram counts the images of each class: the result is [classes].
func (im Images) Histogram(classes int) []int {
	h := make([]int, classes)
	for _, l := range im.Labels {
		h[l]++
	}
	return h
}
