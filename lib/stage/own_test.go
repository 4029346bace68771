package stage

import (
	"image/color"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/run"
	"github.com/janpfeifer/must"
)

// images are n images of 4x4 whose edges have these brightnesses.
func edges(light ...uint8) data.Images {
	im := data.Images{Height: 4, Width: 4, Channels: 1}
	for _, l := range light {
		im.N, im.Labels = im.N+1, append(im.Labels, 0)
		for i := range 16 {
			if x, y := i%4, i/4; x == 0 || x == 3 || y == 0 || y == 3 {
				im.Pixels = append(im.Pixels, l)
			} else {
				im.Pixels = append(im.Pixels, 128)
			}
		}
	}
	return im
}

func TestABackgroundUnlikeTheTrainingImagesIsTold(t *testing.T) {
	black := backgroundOf(edges(0, 0, 10, 10))
	if black.Mean != 5 || black.Std != 5 {
		t.Fatalf("the background is %+v, want 5 and 5", black)
	}
	mixed := backgroundOf(edges(0, 255, 0, 255))
	for _, c := range []struct {
		b     *run.Background
		light uint8
		told  bool
	}{{black, 255, true}, {black, 71, true}, {black, 60, false}, {black, 0, false}, {mixed, 255, false}, {mixed, 0, false}, {nil, 255, false}} {
		text := foreign(c.b, edges(c.light).Pixels, 4, 1)
		if (text != "") != c.told || c.told && !strings.Contains(text, "--invert") {
			t.Errorf("%+v, %d: %q", c.b, c.light, text)
		}
	}
}

func TestInvertExchangesDarkAndLight(t *testing.T) {
	file := save(t, filled(10, 10, color.Gray{Y: 255}), "x.png")
	c := run.Data{Side: 8, Channels: 1, Background: &run.Background{Mean: 0, Std: 1}}
	_, told, _, err := new(Env).pictures(c, Predict{Files: []string{file}})
	if err != nil || told[0].Warning == "" {
		t.Errorf("a white picture is told nothing of (%v)", err)
	}
	im, told, _, err := new(Env).pictures(c, Predict{Files: []string{file}, Invert: true})
	if err != nil || told[0].Warning != "" || !slices.Equal(im.Pixels, make([]uint8, 64)) {
		t.Errorf("inverted: %v, %v, %v", told, im.Pixels, err)
	}
}

func TestATurnedPictureIsSeenAsTheUprightOne(t *testing.T) {
	upright := must.M1(squareOf("../data/picture/testdata/upright.png", 8, 3))
	for _, name := range []string{"exif6.png", "exif3.webp"} {
		if turned := must.M1(squareOf("../data/picture/testdata/"+name, 8, 3)); !slices.Equal(turned, upright) {
			t.Errorf("%s is seen otherwise", name)
		}
	}
}
