package data

import (
	"errors"
	"fmt"
)

// parseColumns appends the images and labels of STL-10's binary files to im. Of each image the red,
// the green and the blue plane follow each other, column by column. Labels count from 1.
func (s spec) parseColumns(im *Images, images, labels []byte) (imagesErr, labelsErr error) {
	plane := s.side * s.side
	size := s.channels * plane
	n := len(images) / size
	switch {
	case n == 0 || n*size != len(images):
		return fmt.Errorf("has %d bytes, which is not a whole number of images of %d bytes: it is cut short or not %s's binary version", len(images), size, s.title), nil
	case len(labels) == 0:
		return nil, errors.New("has no entries")
	case n != len(labels):
		return nil, fmt.Errorf("has %d labels for %d images: one of the two files is not of this data set", len(labels), n)
	}
	for i, l := range labels {
		if l < 1 || int(l) > len(s.classes) {
			return nil, fmt.Errorf("gives image %d the label %d, but %s has the labels 1 to %d: the file is damaged", i, l, s.title, len(s.classes))
		}
		im.Labels = append(im.Labels, l-1)
		for at := range plane {
			row, column := at/s.side, at%s.side
			for c := range s.channels {
				im.Pixels = append(im.Pixels, images[i*size+c*plane+column*s.side+row])
			}
		}
	}
	im.N += n
	return nil, nil
}
