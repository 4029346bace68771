package augment_test

import (
	"fmt"

	"github.com/essnas/essnas/lib/augment"
)

// An interrupted run asks for its epoch again and continues with the same images.
func ExampleEpochOrder() {
	images := []int32{10, 11, 12, 13, 14, 15}
	fmt.Println(augment.EpochOrder(images, 1, 0))
	fmt.Println(augment.EpochOrder(images, 1, 1))
	fmt.Println(augment.EpochOrder(images, 1, 0))
	// Output:
	// [10 13 11 15 14 12]
	// [12 11 10 15 13 14]
	// [10 13 11 15 14 12]
}
