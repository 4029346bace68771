package stage

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/janpfeifer/must"
)

func save(t *testing.T, im image.Image, name string) string {
	t.Helper()
	var b bytes.Buffer
	if strings.HasSuffix(name, "png") {
		must.M(png.Encode(&b, im))
	} else {
		must.M(jpeg.Encode(&b, im, &jpeg.Options{Quality: 100}))
	}
	path := filepath.Join(t.TempDir(), name)
	must.M(os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

func filled(width, height int, c color.Color) *image.NRGBA {
	im := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.Draw(im, im.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	return im
}

func TestOfAPictureTheMiddleSquareIsSeen(t *testing.T) {
	for _, shape := range []image.Point{{120, 40}, {40, 120}} {
		im := filled(shape.X, shape.Y, color.NRGBA{255, 0, 0, 255})
		middle := image.Rect(0, 0, 40, 40).Add(shape.Div(2)).Sub(image.Pt(20, 20))
		draw.Draw(im, middle, image.NewUniform(color.NRGBA{10, 20, 30, 255}), image.Point{}, draw.Src)
		pixels := must.M1(squareOf(save(t, im, "x.png"), 8, 3))
		if want := slices.Repeat([]uint8{10, 20, 30}, 64); !slices.Equal(pixels, want) {
			t.Errorf("%v: pixels are %v, want the middle's colour", shape, pixels)
		}
	}
}

func TestColoursBecomeGreyByTheirLuminanceAndWhatIsTransparentBlack(t *testing.T) {
	for _, c := range []struct {
		colour color.NRGBA
		want   uint8
	}{
		{color.NRGBA{255, 255, 255, 255}, 255},
		{color.NRGBA{0, 255, 0, 255}, 150}, // 0.587
		{color.NRGBA{255, 255, 255, 0}, 0},
		{color.NRGBA{255, 255, 255, 128}, 128},
	} {
		pixels := must.M1(squareOf(save(t, filled(28, 28, c.colour), "x.png"), 28, 1))
		if len(pixels) != 28*28 || pixels[100] != c.want {
			t.Errorf("%v becomes %d, want %d", c.colour, pixels[100], c.want)
		}
	}
}

func TestJPEGsAreReadAndSmallPicturesEnlarged(t *testing.T) {
	pixels := must.M1(squareOf(save(t, filled(5, 5, color.Gray{100}), "x.jpg"), 32, 3))
	if len(pixels) != 32*32*3 || pixels[1000] < 98 || pixels[1000] > 102 {
		t.Errorf("%d numbers, one of them %d; want %d near 100", len(pixels), pixels[1000], 32*32*3)
	}
}
