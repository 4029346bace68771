package augment

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/augment/distort"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/data"
	"github.com/gomlx/gomlx/core/tensors"
)

// everything returns views with every step in the graph.
func everything() distort.Views {
	v := distort.Default()
	v.Grayscale = 0.5
	return v
}

// twinPictures returns noise in the two image shapes of the experiments.
func twinPictures() []data.Images { return []data.Images{noise(40, 32, 32, 3), noise(40, 28, 28, 1)} }

func twins(t testing.TB, f *Feeder, v distort.Views) *Twins {
	t.Helper()
	w, err := f.Twins(v)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// look copies both views and the labels to the host.
func look(t testing.TB, a, b, y *tensors.Tensor, err error) (x [2][]float32, labels []int32) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer finalize([]*tensors.Tensor{a, b, y})
	if !slices.Equal(a.Shape().Dimensions, b.Shape().Dimensions) {
		t.Fatalf("views have shapes %s and %s", a.Shape(), b.Shape())
	}
	return [2][]float32{tensors.MustCopyFlatData[float32](a), tensors.MustCopyFlatData[float32](b)}, tensors.MustCopyFlatData[int32](y)
}

// reference is testdata/views.json, written by views.py.
type reference struct {
	Pictures []struct {
		Height, Width, Channels int
		Pixels                  []int
	}
	Cases []struct {
		Picture                          int
		Crop                             [2]int
		Flip, Gray                       bool
		Affine                           []float64
		Brightness, Contrast, Saturation *float64
		Hue                              float64
		Erase                            [4]int
		Result, Bytes                    []int
	}
}

// Floats agree to 5e-6 on the scale 0..1. torchvision rounds bytes, and the mean gray of contrast,
// so these agree to 2/255.
func TestEachDistortionIsTorchvisions(t *testing.T) {
	raw, err := os.ReadFile("testdata/views.json")
	if err != nil {
		t.Fatal(err)
	}
	var want reference
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	for p, picture := range want.Pictures {
		im := data.Images{N: 1, Height: picture.Height, Width: picture.Width, Channels: picture.Channels, Labels: []uint8{0}}
		for _, v := range picture.Pixels {
			im.Pixels = append(im.Pixels, uint8(v))
		}
		var cases []int
		var all []distortion
		for i, c := range want.Cases {
			if c.Picture != p {
				continue
			}
			d := plain()
			d.top, d.left, d.gray, d.hue = c.Crop[0], c.Crop[1], c.Gray, c.Hue
			if a := c.Affine; a != nil {
				d.matrix = affine(a[0], a[1], a[2], a[3], a[4])
			}
			if c.Flip {
				d.mirror()
			}
			for to, from := range map[*float64]*float64{&d.brightness: c.Brightness, &d.contrast: c.Contrast, &d.saturation: c.Saturation} {
				if from != nil {
					*to = *from
				}
			}
			d.erase = rectangle{c.Erase[0], c.Erase[1], c.Erase[2], c.Erase[3]}
			cases, all = append(cases, i), append(all, d)
		}
		n := len(cases)
		both := slices.Clone(all)
		slices.Reverse(both) // the second view has the cases in reverse order
		f, err := NewFeeder(backendtest.Open(t).Backend, im, make([]float32, im.Channels), []float32{1, 1, 1}[:im.Channels], n, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a, b, y, err := twins(t, f, everything()).apply(make([]int32, n), append(all, both...))
		x, _ := look(t, a, b, y, err)
		for view := range 2 {
			for k, i := range cases {
				c := want.Cases[i]
				slot := []int{k, n - 1 - k}[view]
				off := func(of []int, scale float64) (worst float64) {
					for j, w := range of {
						worst = max(worst, math.Abs(float64(x[view][j*n+slot])-float64(w)/scale))
					}
					return worst
				}
				c.Result, c.Bytes = c.Result[:len(im.Pixels)], c.Bytes[:min(len(c.Bytes), len(im.Pixels))]
				if exact, rounded := off(c.Result, 1e6), off(c.Bytes, 255); exact > 5e-6 || rounded > 2./255 {
					c.Result, c.Bytes = nil, nil
					text, _ := json.Marshal(c)
					t.Errorf("view %d of %s: off by %.2g from floats, %.2g from bytes", view, text, exact, rounded)
				}
			}
		}
	}
}
