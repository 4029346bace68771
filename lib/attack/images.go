package attack

// Images are the images to attack. The fields are those of data.Images: a conversion makes the one of
// the other without a copy. Package data itself would bring the downloading of data sets into every
// cell of a notebook that reads results.
type Images struct {
	N, Height, Width, Channels int
	Pixels                     []uint8 // [N][Height][Width][Channels]
	Labels                     []uint8 // [N], indices of the classes
}

// picture returns image i, [Height][Width][Channels], without a copy.
func (im Images) picture(i int) []uint8 {
	n := im.Height * im.Width * im.Channels
	return im.Pixels[i*n : (i+1)*n]
}
