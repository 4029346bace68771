package data

import (
	"embed"
	"errors"
)

//go:generate go run sample_make.go

// sample contains 400 training and 100 test images of each class in the official format.
//
//go:embed sample/*.gz
var sample embed.FS

// Sample returns the embedded part of Fashion-MNIST (Zalando SE, MIT licence): 4,000 training and
// 1,000 test images, unaltered, the same number of each class. Sample returns an error only if the
// program was built from an incomplete checkout.
func Sample() (*Set, error) {
	s := fashionMNIST()
	s.folder = "sample"
	set, err := s.load(source{place: "sample", read: func(name string, _ int64) ([]byte, error) {
		raw, err := sample.ReadFile("sample/" + name)
		if err != nil {
			return nil, errors.New("is not in this program: build it anew from a whole checkout")
		}
		return raw, nil
	}})
	if err != nil {
		return nil, err
	}
	set.Title, set.Sample = "a sample of Fashion-MNIST", true
	return set.finish()
}
