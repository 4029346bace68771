package augment

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/augment/distort"
)

// BenchmarkBatch measures one batch of 64 out of 50,000 images.
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

// BenchmarkTwins measures two views of a batch of 64 out of 50,000 images. The compilation is
// measured on its own.
func BenchmarkTwins(b *testing.B) {
	for _, channels := range []int{1, 3} {
		side := map[int]int{1: 28, 3: 32}[channels]
		f := feeder(b, noise(50000, side, side, channels), 64, Options{})
		all, geometry, colours := distort.Default(), distort.Default(), distort.Default()
		geometry.Jitter, geometry.Grayscale, geometry.Erase = distort.Jitter{}, 0, distort.Erase{}
		colours.Erase = distort.Erase{}
		for _, v := range []struct {
			name string
			distort.Views
		}{{"all", all}, {"geometry", geometry}, {"geometry and colours", colours}} {
			t, err := f.Twins(v.Views)
			if err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			if _, _, _, err := t.Batch(make([]int32, 64), nil); err != nil {
				b.Fatal(err)
			}
			compiled := time.Since(start)
			b.Run(fmt.Sprintf("channels=%d/%s", channels, v.name), func(b *testing.B) {
				index, r := make([]int32, 64), rand.New(rand.NewPCG(3, 4))
				for b.Loop() {
					for i := range index {
						index[i] = r.Int32N(50000)
					}
					x, xx, y, err := t.Batch(index, r)
					if err != nil {
						b.Fatal(err)
					}
					x.MustFinalizeAll()
					xx.MustFinalizeAll()
					y.MustFinalizeAll()
				}
				b.ReportMetric(compiled.Seconds(), "s/compile")
			})
		}
	}
}
