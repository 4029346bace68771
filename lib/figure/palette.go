package figure

import (
	"cmp"
	"image"
	"image/color"
	"maps"
	"slices"
)

// indexed reduces an opaque image to its 256 most frequent colours. The file is then a third as
// large, which matters because notebooks hold all their figures. In drawings only the edges of
// letters change. Images with more colours, such as photographs, are returned unchanged.
func indexed(im *image.RGBA) image.Image {
	pixel := func(i int) [3]uint8 { return [3]uint8(im.Pix[i : i+3]) }
	count := map[[3]uint8]int{}
	for i := 0; i < len(im.Pix); { // a step for each run of one colour
		start, c := i, pixel(i)
		for i < len(im.Pix) && pixel(i) == c {
			i += 4
		}
		count[c] += (i - start) / 4
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
	for i := range out.Pix { // rows of both images are contiguous
		c := pixel(4 * i)
		if i > 0 && c == pixel(4*i-4) {
			out.Pix[i] = out.Pix[i-1]
			continue
		}
		near, ok := index[c]
		if !ok {
			near = uint8(palette.Index(color.RGBA{c[0], c[1], c[2], 0xff}))
			index[c] = near
		}
		out.Pix[i] = near
	}
	return out
}
