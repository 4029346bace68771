package augment

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkBatch is one batch of 64 pictures out of 50,000.
func BenchmarkBatch(b *testing.B) {
	f := feeder(b, noise(50000, 32, 32, 3), 64, Options{Crop: 4, Flip: true, Cutout: 16})
	for _, augmented := range []bool{true, false} {
		b.Run(fmt.Sprintf("augmented=%t", augmented), func(b *testing.B) {
			index := make([]int32, 64)
			draws := rand.New(rand.NewPCG(3, 4))
			r := draws
			if !augmented {
				r = nil
			}
			for b.Loop() {
				for i := range index {
					index[i] = draws.Int32N(50000)
				}
				x, y, err := f.Batch(index, r)
				if err != nil {
					b.Fatal(err)
				}
				x.MustFinalizeAll()
				y.MustFinalizeAll()
			}
		})
	}
}
