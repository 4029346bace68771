package attack

// Images are the images to attack. The fields are those of data.Images, so a conversion needs no
// copy. This package doesn't import data: notebook cells that read results would link the download
// of data sets.
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
