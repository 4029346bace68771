package distort_test

import (
	"fmt"

	"github.com/essnas/essnas/lib/augment/distort"
)

// Changing two steps of the default views.
func ExampleParse() {
	views, err := distort.Parse("default, distort 0, jitter 0.5 hue 0.02, erase 0")
	fmt.Println(views, err)
	_, err = distort.Parse("flip 2")
	fmt.Println(err)
	// Output:
	// crop 1 pixels 4, flip 0.5, jitter 0.5 brightness 0.4 contrast 0.4 saturation 0.2 hue 0.02, gray 0.2 <nil>
	// the views' flip probability is 2: give 0 to 1
}
