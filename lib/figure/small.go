package figure

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"slices"

	"gonum.org/v1/plot/vg/vgimg"
)

// SmallPNG writes the figure as a PNG picture of a third of the size, for notebooks, whose files hold all their figures. Drawings get a palette of their 256 most frequent
// colours, which changes nothing but the edges of letters; figures with photographs in them stay as they are. It takes a second for a large figure.
func (f Figure) SmallPNG(w io.Writer) error {
	canvas := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(pngDPI))
	f.paint(canvas)
	var picture image.Image = canvas.Image()
	if rgba, ok := picture.(*image.RGBA); ok {
		picture = indexed(rgba)
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(w, picture); err != nil {
		return fmt.Errorf("can't write the figure: %w", err)
	}
	return nil
}

// indexed is an opaque picture with its most frequent colours, or the picture itself where these are too few.
func indexed(im *image.RGBA) image.Image {
	pixel := func(i int) [3]uint8 { return [3]uint8(im.Pix[i : i+3]) }
	count := map[[3]uint8]int{}
	for i := 0; i < len(im.Pix); i += 4 {
		count[pixel(i)]++
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b [3]uint8) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), slices.Compare(a[:], b[:]))
	})
	colours = colours[:min(256, len(colours))]
	var palette color.Palette
	index := map[[3]uint8]uint8{}
	exact := 0
	for i, c := range colours {
		palette = append(palette, color.RGBA{c[0], c[1], c[2], 0xff})
		index[c] = uint8(i)
		exact += count[c]
	}
	if exact < len(im.Pix)/4*9/10 {
		return im
	}
	out := image.NewPaletted(im.Rect, palette)
	for i := range out.Pix { // both have rows without gaps
		c := pixel(4 * i)
		near, ok := index[c]
		if !ok {
			near = uint8(palette.Index(color.RGBA{c[0], c[1], c[2], 0xff}))
			index[c] = near
		}
		out.Pix[i] = near
	}
	return out
}
