package score_test

import (
	"fmt"

	"github.com/essnas/essnas/lib/score"
)

// 93 of 100 test images are right. Ten times as many images give a shorter interval.
func ExampleWilson() {
	for _, n := range []int{100, 1000, 10000} {
		i := score.Wilson(93*n/100, n)
		fmt.Printf("%5d images: %.2f to %.2f %%\n", n, 100*i.Low, 100*i.High)
	}
	// Output:
	//   100 images: 86.25 to 96.57 %
	//  1000 images: 91.25 to 94.42 %
	// 10000 images: 92.48 to 93.48 %
}

func ExampleSoftmax() {
	fmt.Printf("%.3f\n", score.Softmax([]float32{2, 1, 0}))
	// a common offset has no effect
	fmt.Printf("%.3f\n", score.Softmax([]float32{1002, 1001, 1000}))
	// Output:
	// [0.665 0.245 0.090]
	// [0.665 0.245 0.090]
}

func ExampleTopK() {
	logits := []float32{0.1, 2.5, -1, 2.5, 0.7}
	fmt.Println(score.TopK(logits, 3))
	// Output: [1 3 4]
}
