package augment

import (
	"fmt"

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
