package data

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse: files of any content are refused, or they give whole images with labels of the set.
// These images written as a file parse to the same images.
func FuzzParse(f *testing.F) {
	for i, name := range Names() {
		s := specOf(f, name)
		files := fake(s, 2)
		images, labels := files[s.train[0].images.name], files[s.train[0].labels.name]
		if labels != nil {
			images, _ = gunzip(images, 1<<20)
			labels, _ = gunzip(labels, 1<<20)
		}
		f.Add(i, images, labels)
		f.Add(i, images[:len(images)-1], labels)
	}
	f.Add(2, idx(nil, 0xffffffff, 28, 28), idx(nil, 0xffffffff))
	f.Add(2, []byte{0x1f, 0x8b, 8}, []byte{0, 0, 8, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, which int, images, labels []byte) {
		s := specOf(t, Names()[uint(which)%3])
		parse := func(images, labels []byte) (im Images, err error) {
			im = Images{Height: s.side, Width: s.side, Channels: s.channels}
			if s.channels == 3 {
				return im, s.parseRecords(&im, images, s.train[0])
			}
			if images, err = gunzip(images, 1<<20); err != nil {
				return im, err
			}
			if labels, err = gunzip(labels, 1<<20); err != nil {
				return im, err
			}
			imagesErr, labelsErr := s.parsePair(&im, images, labels)
			if imagesErr != nil {
				return im, imagesErr
			}
			return im, labelsErr
		}
		im, err := parse(images, labels)
		if err != nil {
			return
		}
		if im.N < 1 || len(im.Labels) != im.N || len(im.Pixels) != im.N*s.side*s.side*s.channels {
			t.Fatalf("%d images, %d labels, %d pixels", im.N, len(im.Labels), len(im.Pixels))
		}
		im.Histogram(len(s.classes)) // panics at an invalid label
		again, err := parse(print(s, im))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(im, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

// print writes images as a file.
func print(s spec, im Images) (images, labels []byte) {
	if s.channels == 1 {
		return idx(im.Pixels, im.N, s.side, s.side), idx(im.Labels, im.N)
	}
	for i, l := range im.Labels {
		if s.coarse > 0 {
			images = append(images, 0)
		}
		images = append(images, l)
		for c := range 3 {
			for k := c; k < 3*s.side*s.side; k += 3 {
				images = append(images, im.Picture(i)[k])
			}
		}
	}
	return images, nil
}
