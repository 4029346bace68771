package data_test

import (
	"fmt"

	"github.com/essnas/essnas/lib/data"
)

// The embedded sample needs no files.
func ExampleSample() {
	set, err := data.Sample()
	if err != nil {
		panic(err)
	}
	fmt.Println(set.Train.N, "training and", set.Test.N, "test images of", set.Train.Height, "x", set.Train.Width, "pixels")
	fmt.Println(set.Classes[set.Train.Labels[0]], len(set.Train.Picture(0)), "bytes")
	// Output:
	// 4000 training and 1000 test images of 28 x 28 pixels
	// Ankle boot 784 bytes
}

// The two halves of a search are disjoint and have the classes in equal proportions.
func ExampleSet_SearchHalves() {
	set, err := data.Sample()
	if err != nil {
		panic(err)
	}
	weights, architecture := set.SearchHalves(1, 1000)
	fmt.Println(len(weights), len(architecture))
	count := make([]int, len(set.Classes))
	for _, i := range weights {
		count[set.Train.Labels[i]]++
	}
	fmt.Println(count)
	// Output:
	// 500 500
	// [50 50 50 50 50 50 50 50 50 50]
}

// A tenth of the labels and a hundredth: 32 and 3 images of each of ten classes.
func ExampleImages_Share() {
	set, err := data.Sample()
	if err != nil {
		panic(err)
	}
	train, _ := set.TrainValidation(1, 0)
	fmt.Println(len(train), len(set.Train.Share(train, 0.1)), len(set.Train.Share(train, 0.01)))
	// Output:
	// 3200 320 30
}
