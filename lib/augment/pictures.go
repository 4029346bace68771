package augment

import (
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/tensors"
)

// Pictures makes a batch visible, a feeder's or a view: x float32 [channels, height, width, batch], normalised, back to bytes [height, width,
// channels], one slice for each picture. What is outside of 0..1 is cut off.
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

// Pairs are two views each of the pictures with these indices, a batch at most, as bytes [height, width, channels]: what a batch that r draws looks like.
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
