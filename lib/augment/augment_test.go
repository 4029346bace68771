package augment

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/data"
	"github.com/gomlx/gomlx/core/tensors"
)

// noise returns n random images. The first pixel of an image identifies it.
func noise(n, h, w, c int) data.Images {
	r := rand.New(rand.NewPCG(1, 2))
	im := data.Images{N: n, Height: h, Width: w, Channels: c, Pixels: make([]uint8, n*h*w*c), Labels: make([]uint8, n)}
	for i := range im.Pixels {
		im.Pixels[i] = uint8(1 + r.IntN(255)) // never 0, the value of the border
	}
	for i := range im.Labels {
		im.Labels[i] = uint8(r.IntN(10))
	}
	return im
}

var (
	means = []float32{0.49, 0.48, 0.45}
	stds  = []float32{0.25, 0.24, 0.26}
)

func feeder(t testing.TB, im data.Images, batch int, o Options) *Feeder {
	t.Helper()
	f, err := NewFeeder(backendtest.Open(t).Backend, im, means[:im.Channels], stds[:im.Channels], batch, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func run(t testing.TB, f *Feeder, index []int32, r *rand.Rand) (x []float32, y []int32) {
	t.Helper()
	a, b, err := f.Batch(index, r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.MustFinalizeAll()
	defer b.MustFinalizeAll()
	im := f.images
	if got, want := a.Shape().Dimensions, []int{im.Channels, im.Height, im.Width, len(index)}; !slices.Equal(got, want) {
		t.Fatalf("batch has shape %v, want %v", got, want)
	}
	return tensors.MustCopyFlatData[float32](a), tensors.MustCopyFlatData[int32](b)
}

// define computes one pixel of the result by the definition: the image of one row of a draw, padded
// with black, cropped, flipped, normalised, with a square of zeros.
func define(im data.Images, o Options, v []int32, c, h, w int) float32 {
	if o.Cutout > 0 && h >= int(v[row])-o.Cutout/2 && h < int(v[row])+o.Cutout/2 && w >= int(v[column])-o.Cutout/2 && w < int(v[column])+o.Cutout/2 {
		return 0
	}
	if o.Flip && v[flip] == 1 {
		w = im.Width - 1 - w
	}
	h, w = h+int(v[top])-o.Crop, w+int(v[left])-o.Crop
	var p uint8
	if h >= 0 && h < im.Height && w >= 0 && w < im.Width {
		p = im.Picture(int(v[picture]))[(h*im.Width+w)*im.Channels+c]
	}
	return (float32(p)/255 - means[c]) / stds[c]
}

func compare(t *testing.T, im data.Images, o Options, draw []int32, x []float32) {
	t.Helper()
	batch := len(draw) / columns
	for b := range batch {
		v := draw[b*columns:][:columns]
		for c := range im.Channels {
			for h := range im.Height {
				for w := range im.Width {
					got, want := x[((c*im.Height+h)*im.Width+w)*batch+b], define(im, o, v, c, h, w)
					if d := got - want; d > 2e-6 || d < -2e-6 {
						t.Fatalf("picture %d of the batch, drawn %v, channel %d at (%d, %d): %g, want %g", b, v, c, h, w, got, want)
					}
				}
			}
		}
	}
}

func TestEveryStepIsItsDefinitionPixelByPixel(t *testing.T) {
	for _, im := range []data.Images{noise(50, 32, 32, 3), noise(50, 28, 28, 1), noise(9, 5, 8, 2)} {
		side := min(im.Height, 16)
		for _, o := range []Options{{}, {Crop: 4}, {Flip: true}, {Cutout: side &^ 1}, {Crop: 2, Flip: true, Cutout: 4}, {Crop: 4, Flip: true, Cutout: 16}} {
			t.Run(fmt.Sprintf("%dx%dx%d crop %d flip %t cutout %d", im.Height, im.Width, im.Channels, o.Crop, o.Flip, o.Cutout), func(t *testing.T) {
				f := feeder(t, im, 33, o)
				r := rand.New(rand.NewPCG(5, 6))
				index := make([]int32, 33)
				for i := range index {
					index[i] = r.Int32N(int32(im.N))
				}
				x, y := run(t, f, index, rand.New(rand.NewPCG(7, 8)))
				compare(t, im, o, o.draw(index, im.Height, im.Width, rand.New(rand.NewPCG(7, 8))), x)
				for i, k := range index {
					if y[i] != int32(im.Labels[k]) {
						t.Fatalf("label %d is %d, want %d", i, y[i], im.Labels[k])
					}
				}
			})
		}
	}
}
