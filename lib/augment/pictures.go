package augment

import (
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/tensors"
)

// Pictures converts a batch of a feeder or of a view for display: x float32 [channels, height,
// width, batch], normalised, becomes one slice of bytes [height, width, channels] per image. Values
// outside 0..1 are clipped. Pictures returns an error if x does not have the shape of this feeder's
// images.
func (f *Feeder) Pictures(x *tensors.Tensor) ([][]uint8, error) {
	im := f.images
	d := x.Shape().Dimensions
	if len(d) != 4 || d[0] != im.Channels || d[1] != im.Height || d[2] != im.Width {
		return nil, fmt.Errorf("pictures of %dx%dx%d don't come as %s: give a batch of this feeder", im.Height, im.Width, im.Channels, x.Shape())
	}
	values, err := tensors.CopyFlatData[float32](x)
	if err != nil {
		return nil, fmt.Errorf("reading a batch of pictures: %w", err)
	}
	batch, pixels := d[3], im.Height*im.Width
	all := make([][]uint8, batch)
	for i := range all {
		all[i] = make([]uint8, pixels*im.Channels)
		for p := range pixels {
			for c := range im.Channels {
				v := 255 * (values[(c*pixels+p)*batch+i]*f.std[c] + f.mean[c])
				all[i][p*im.Channels+c] = uint8(min(max(v, 0), 255) + 0.5)
			}
		}
	}
	return all, nil
}

// Pairs returns two views of each image with these indices, at most one batch, as bytes [height,
// width, channels]. They show the views that Batch computes with the draws of r. Pairs returns an
// error if there are no indices or more than a batch, and the errors of Batch.
func (t *Twins) Pairs(index []int32, r *rand.Rand) (pairs [][2][]uint8, err error) {
	if len(index) == 0 || len(index) > t.feeder.batch {
		return nil, fmt.Errorf("views of %d pictures are more than a batch, or none: give 1 to %d", len(index), t.feeder.batch)
	}
	full := make([]int32, t.feeder.batch)
	for i := range full {
		full[i] = index[i%len(index)]
	}
	a, b, labels, err := t.Batch(full, r)
	if err != nil {
		return nil, err
	}
	defer finalize([]*tensors.Tensor{a, b, labels})
	first, err := t.feeder.Pictures(a)
	if err != nil {
		return nil, err
	}
	second, err := t.feeder.Pictures(b)
	if err != nil {
		return nil, err
	}
	for i := range index {
		pairs = append(pairs, [2][]uint8{first[i], second[i]})
	}
	return pairs, nil
}
