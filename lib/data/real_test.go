package data_test

import (
	"math"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/data/datatest"
)

// The published statistics of the real images: number of images, equal classes, and the commonly
// used means and deviations.
func TestRealDataSets(t *testing.T) {
	if testing.Short() {
		t.Skip("reads whole data sets")
	}
	for _, test := range []struct {
		name            string
		train, test     int // of each class
		classes         int
		mean, deviation []float64
	}{
		{"cifar10", 5000, 1000, 10, []float64{0.4914, 0.4822, 0.4465}, []float64{0.2470, 0.2435, 0.2616}},
		{"cifar100", 500, 100, 100, []float64{0.5071, 0.4865, 0.4409}, []float64{0.2673, 0.2564, 0.2762}},
		{"fashion-mnist", 6000, 1000, 10, []float64{0.2860}, []float64{0.3530}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := datatest.Dir(t, test.name)
			r, err := data.Check(test.name, dir)
			if err != nil {
				t.Fatal(err)
			}
			if !r.Complete() {
				t.Errorf("%d + %d images", r.Train.Images, r.Test.Images)
			}
			for _, part := range []struct {
				labels []int
				want   int
			}{{r.Train.Labels, test.train}, {r.Test.Labels, test.test}} {
				if !slices.Equal(part.labels, slices.Repeat([]int{part.want}, test.classes)) {
					t.Errorf("labels %v, want %d of each", part.labels, part.want)
				}
			}
			for c := range test.mean {
				if math.Abs(float64(r.Mean[c])-test.mean[c]) > 6e-5 || math.Abs(float64(r.Std[c])-test.deviation[c]) > 6e-5 {
					t.Errorf("channel %d: mean %g, deviation %g, want %g, %g", c, r.Mean[c], r.Std[c], test.mean[c], test.deviation[c])
				}
			}
		})
	}
}

// Each image of the sample occurs in the real Fashion-MNIST, with the same label and in the same
// part.
func TestTheSampleIsRealFashionMNIST(t *testing.T) {
	if testing.Short() {
		t.Skip("reads whole data sets")
	}
	dir := datatest.Dir(t, "fashion-mnist")
	real, err := data.Load("fashion-mnist", dir)
	if err != nil {
		t.Fatal(err)
	}
	sample, err := data.Sample()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct{ of, whole data.Images }{{sample.Train, real.Train}, {sample.Test, real.Test}} {
		labels := map[string]uint8{}
		for i := range part.whole.N {
			labels[string(part.whole.Picture(i))] = part.whole.Labels[i]
		}
		for i := range part.of.N {
			if l, ok := labels[string(part.of.Picture(i))]; !ok || l != part.of.Labels[i] {
				t.Fatalf("image %d of the sample is none of the real ones with its label", i)
			}
		}
	}
}
