package augment

import (
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestPicturesAreWhatTheBatchWasMadeOf(t *testing.T) {
	for _, im := range twinPictures() {
		f := feeder(t, im, 3, Options{})
		index := []int32{7, 0, 39}
		a, b, y, err := twins(t, f, everything()).Batch(index, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer finalize([]*tensors.Tensor{a, b, y})
		for _, x := range []*tensors.Tensor{a, b} {
			all, err := f.Pictures(x)
			if err != nil {
				t.Fatal(err)
			}
			for i, k := range index {
				if !slices.Equal(all[i], im.Picture(int(k))) {
					t.Errorf("picture %d of %dx%dx%d is another one", k, im.Height, im.Width, im.Channels)
				}
			}
		}
		if _, err := f.Pictures(y); err == nil {
			t.Error("labels are pictures")
		}
	}
}
