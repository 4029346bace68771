package data

import (
	"fmt"
	"math"

	"github.com/essnas/essnas/lib/data/images"
)

// Images holds N images with their labels, the indices of Set.Classes. The type has a package of
// its own for code that must not link the reading of data sets: cells of notebooks, attacks.
type Images = images.Images

// Set is a data set in memory.
type Set struct {
	// one of Names; of a user's own pictures, the name of their folder or of Add
	Name        string
	Title       string   // usual spelling of the name; marks the sample
	Classes     []string // in label order
	Train, Test Images
	// Mean and Std have one entry per channel: mean and standard deviation over all pixels of
	// Train, on the scale 0..1.
	Mean, Std []float32
	// Sample marks the embedded sample. Every result of it must say so.
	Sample bool
	// Own is the reference to a user's own pictures (see [ParseOwn]); "" for other data sets.
	Own string
	// Unlabelled marks pictures without labels: Classes has one entry, and only pretrainings can
	// use them.
	Unlabelled bool
	// Checksums holds the SHA-256 of each file, by its name in the data directory. Members of an
	// archive have the checksums of the unpacked files. A user's own pictures have one checksum for
	// all training and one for all test pictures, over the list of their names and checksums.
	Checksums map[string]string
}

// moments returns mean and (population) standard deviation of each channel, [channels] each, on the
// scale 0..1. It counts the 256 values and computes with integers up to the last division, so the
// result does not depend on the order of the images.
func moments(im Images) (mean, std []float32) {
	counts := make([][256]int, im.Channels)
	for i := 0; i < len(im.Pixels); i += im.Channels {
		for c := range counts {
			counts[c][im.Pixels[i+c]]++
		}
	}
	for c := range counts {
		n, sum, squares := 0, 0, 0
		for v, k := range counts[c] {
			n, sum, squares = n+k, sum+k*v, squares+k*v*v
		}
		m := float64(sum) / float64(n)
		mean = append(mean, float32(m/255))
		std = append(std, float32(math.Sqrt(float64(squares)/float64(n)-m*m)/255))
	}
	return
}

// finish derives the statistics of the images. It returns an error if a channel is constant.
func (s *Set) finish() (*Set, error) {
	s.Mean, s.Std = moments(s.Train)
	for c, v := range s.Std {
		if v == 0 {
			return nil, fmt.Errorf("channel %d has the same value in all training images of %s: these are not its images; check the files", c, s.Title)
		}
	}
	return s, nil
}
