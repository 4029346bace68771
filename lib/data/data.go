package data

import (
	"fmt"
	"math"
)

// Images are N pictures with labels.
type Images struct {
	N, Height, Width, Channels int
	Pixels                     []uint8 // [N][Height][Width][Channels]
	Labels                     []uint8 // [N], indices of Set.Classes
}

// Picture is image i, [Height][Width][Channels], not a copy.
func (im Images) Picture(i int) []uint8 {
	n := im.Height * im.Width * im.Channels
	return im.Pixels[i*n : (i+1)*n : (i+1)*n]
}

// First are the first n images, or all if there are fewer; not a copy.
func (im Images) First(n int) Images {
	n = min(n, im.N)
	im.N, im.Pixels, im.Labels = n, im.Pixels[:n*im.Height*im.Width*im.Channels], im.Labels[:n]
	return im
}

// Histogram counts the labels of each class.
func (im Images) Histogram(classes int) []int {
	h := make([]int, classes)
	for _, l := range im.Labels {
		h[l]++
	}
	return h
}

// Set is a data set in memory.
type Set struct {
	Name        string   // one of Names
	Title       string   // as people write it; says when it is the sample
	Classes     []string // in label order
	Train, Test Images
	// Mean and Std of each channel over all pixels of Train, on the scale 0..1.
	Mean, Std []float32
	// Sample is set when the images are the embedded sample: whatever shows results says so.
	Sample bool
	// Checksums are the SHA-256 of the files that were read, by their names in the data directory. Those of an archive's
	// members are the same as those of the unpacked files.
	Checksums map[string]string
}

// moments are mean and standard deviation (of the population) of each channel, on the scale 0..1. They are computed from counts
// of the 256 values, in integers up to the last division, so they don't depend on the order of images.
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

// finish computes what follows from the images.
func (s *Set) finish() (*Set, error) {
	s.Mean, s.Std = moments(s.Train)
	for c, v := range s.Std {
		if v == 0 {
			return nil, fmt.Errorf("channel %d has the same value in all training images of %s: these are not its images; check the files", c, s.Title)
		}
	}
	return s, nil
}
