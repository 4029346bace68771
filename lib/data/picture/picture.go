// Package picture reads a user's pictures: PNG, JPEG and WebP files of any size, turned upright as
// their EXIF orientation says, and scaled to the small squares that networks are trained on.
//
// A file is refused before it is unpacked if its pixels would take more than [MaxBytes], so a small
// file can't fill the memory.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // a format that Decode reads
	_ "image/png"  // a format that Decode reads
	"strings"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // a format that Decode reads
)

// MaxBytes bounds the memory that the pixels of one picture may take: 192 MiB, which is a PNG of 50
// million pixels in four channels of a byte each.
const MaxBytes = 192 << 20

// Formats names the formats that Decode reads, for messages.
const Formats = "PNG, JPEG or WebP"

// Size returns the memory in bytes that Decode will need for the pixels of a file. It returns an
// error if the file is no picture, or if that is more than MaxBytes.
func Size(raw []byte) (int64, error) {
	c, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return 0, broken(err)
	}
	if c.Width <= 0 || c.Height <= 0 {
		return 0, errors.New("has no pixels")
	}
	n := int64(c.Width) * int64(c.Height) * depth(c.ColorModel)
	if n > MaxBytes || c.Width > MaxBytes || c.Height > MaxBytes {
		return 0, fmt.Errorf("has %d x %d pixels, more than can be read: make it smaller", c.Width, c.Height)
	}
	return n, nil
}

// depth is the number of bytes of a pixel in memory.
func depth(m color.Model) int64 {
	switch m {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.YCbCrModel:
		return 3
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 4
}

// Decode returns the picture of a file, upright. It returns an error if the file is no picture, is
// damaged, or needs more than MaxBytes.
func Decode(raw []byte) (image.Image, error) {
	if _, err := Size(raw); err != nil {
		return nil, err
	}
	im, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, broken(err)
	}
	return upright(im, Orientation(raw)), nil
}

// broken removes the names of packages from the decoders' errors.
func broken(err error) error {
	text := err.Error()
	for _, name := range []string{"image: ", "png: ", "jpeg: ", "webp: ", "vp8: ", "vp8l: ", "riff: ", "invalid format: "} {
		text = strings.TrimPrefix(text, name)
	}
	if errors.Is(err, image.ErrFormat) {
		text = "unknown format"
	}
	return fmt.Errorf("can't be read (%s): give a %s file that is whole", text, Formats)
}

// Square takes the middle square of a picture and scales it to [side, side, channels] bytes, row by
// row; channels is 1 for grey and 3 for red, green and blue. Transparent parts become black.
func Square(src image.Image, side, channels int) []uint8 {
	b := src.Bounds()
	short := min(b.Dx(), b.Dy())
	corner := b.Min.Add(image.Pt((b.Dx()-short)/2, (b.Dy()-short)/2))
	small := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := 3; i < len(small.Pix); i += 4 {
		small.Pix[i] = 0xff
	}
	draw.CatmullRom.Scale(small, small.Rect, src, image.Rectangle{Min: corner, Max: corner.Add(image.Pt(short, short))}, draw.Over, nil)
	pixels := make([]uint8, 0, side*side*channels)
	for y := range side {
		for x := range side {
			c := small.RGBAAt(x, y)
			if channels == 1 {
				pixels = append(pixels, color.GrayModel.Convert(c).(color.Gray).Y)
			} else {
				pixels = append(pixels, c.R, c.G, c.B)
			}
		}
	}
	return pixels
}

// Invert exchanges dark and light in place.
func Invert(pixels []uint8) {
	for i, v := range pixels {
		pixels[i] = 255 - v
	}
}

// Border returns the mean of the outermost pixels of images [n, side, side, channels] on the scale
// 0..255: how light their background is. Without images it is 0.
func Border(pixels []uint8, n, side, channels int) float64 {
	sum, count := 0, 0
	for i := range n {
		for y := range side {
			for x := range side {
				if y > 0 && y < side-1 && x > 0 && x < side-1 {
					continue
				}
				for c := range channels {
					sum += int(pixels[((i*side+y)*side+x)*channels+c])
					count++
				}
			}
		}
	}
	if count == 0 {
		return 0
	}
	return float64(sum) / float64(count)
}
