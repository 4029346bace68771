package data

import (
	"fmt"
	"math"
)

// Images holds N images with their labels.
type Images struct {
	N, Height, Width, Channels int
	Pixels                     []uint8 // [N][Height][Width][Channels]
	Labels                     []uint8 // [N], indices of Set.Classes
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
