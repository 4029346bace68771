// Package finite checks the outputs of networks for the sign of a diverged training.
package finite

import (
	"fmt"
	"math"
)

// Check returns an error if one of the values is NaN or infinite. owner and index name the holder
// of the values, and kind names a value: "image", 3, "logit".
func Check(values []float32, owner string, index int, kind string) error {
	for _, x := range values {
		if x := float64(x); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s %d has a %s of %g: the network has diverged, train it again with a smaller learning rate", owner, index, kind, x)
		}
	}
	return nil
}
