package fit_test

import (
	"fmt"

	"github.com/essnas/essnas/lib/fit"
)

// The learning rate of a search falls from 0.025 along half a cosine.
func ExampleCosine() {
	for _, epoch := range []int{0, 10, 20, 30, 39} {
		fmt.Printf("epoch %2d: %.5f\n", epoch, fit.Cosine(0.025, 0, epoch, 40))
	}
	// Output:
	// epoch  0: 0.02500
	// epoch 10: 0.02134
	// epoch 20: 0.01250
	// epoch 30: 0.00366
	// epoch 39: 0.00004
}

// The random numbers of a step depend on seed, purpose, epoch and step alone: an interrupted run
// draws the same ones again.
func ExampleRandom() {
	fmt.Println(fit.Random(1, "views", 3, 7).IntN(1000), fit.Random(1, "views", 3, 7).IntN(1000))
	fmt.Println(fit.Random(1, "views", 3, 8).IntN(1000))
	// Output:
	// 259 259
	// 334
}
