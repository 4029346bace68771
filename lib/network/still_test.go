package network

import (
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden/parity"
)

// TestAMeasuredPictureIsNeverAugmented: a training's feeder crops, flips and cuts images with
// random draws that depend on the place in the batch. Logits must not depend on that place.
func TestAMeasuredPictureIsNeverAugmented(t *testing.T) {
	b := backendtest.Open(t)
	m, torch := torchModel(t, b, block.Lowering{}, "DARTS_V2", 3, 1, 28)
	n := len(torch["labels"].Data)
	set := parity.Pictures(n, 1, 28, 3)
	logits := func(o augment.Options, index []int32) [][]float32 {
		f, err := augment.NewFeeder(b.Backend, set.Train, set.Mean, set.Std, n, o)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		all, err := m.Logits(t.Context(), f, index, nil)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	index := make([]int32, n)
	for i := range index {
		index[i] = int32(i)
	}
	still := logits(augment.Options{}, index)
	slices.Reverse(index)
	moved := logits(augment.Options{Crop: 2, Flip: true, Cutout: 4}, index)
	slices.Reverse(moved)
	for i := range still {
		if !slices.Equal(still[i], moved[i]) {
			t.Errorf("picture %d has the logits %v with a training's augmentation, and %v without", i, moved[i], still[i])
		}
	}
}
