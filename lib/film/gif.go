package film

import (
	"fmt"
	"image"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"io"
)

// DPI is the number of dots per inch of the animation's frames, that of a screen.
const DPI = 96

// Durations of a frame, in hundredths of a second.
const (
	still  = 25  // a frame without changes
	moving = 90  // a frame with changes
	ending = 300 // the last frame, before the film repeats
)

// GIF writes the film as an animation that repeats. Each frame after the first holds the changed
// part of the picture only. GIF returns an error if the writer fails.
func (f *Film) GIF(w io.Writer) error {
	var g gif.GIF
	var before *image.Paletted
	for i, s := range f.Scenes {
		frame := f.picture(i)
		delay := still
		if i == 0 || s.Cells[0].Changes()+s.Cells[1].Changes() > 0 {
			delay = moving
		}
		if i == len(f.Scenes)-1 {
			delay = ending
		}
		part := frame
		if before != nil {
			part = frame.SubImage(difference(before, frame)).(*image.Paletted)
		}
		g.Image, g.Delay, g.Disposal = append(g.Image, part), append(g.Delay, delay), append(g.Disposal, gif.DisposalNone)
		before = frame
	}
	g.Config = image.Config{ColorModel: g.Image[0].Palette, Width: g.Image[0].Rect.Dx(), Height: g.Image[0].Rect.Dy()}
	if err := gif.EncodeAll(w, &g); err != nil {
		return fmt.Errorf("can't write the animation: %w", err)
	}
	return nil
}

// picture returns a frame in at most 256 colours.
func (f *Film) picture(scene int) *image.Paletted {
	p := f.Frame(scene).Image(DPI)
	if few, ok := p.(*image.Paletted); ok {
		return few
	}
	few := image.NewPaletted(p.Bounds(), palette.Plan9)
	draw.Draw(few, few.Rect, p, p.Bounds().Min, draw.Src)
	return few
}

// difference returns the smallest rectangle that contains all differences between two pictures of
// one size. For equal pictures it returns one pixel, because a frame can't be empty.
func difference(a, b *image.Paletted) image.Rectangle {
	r := image.Rectangle{}
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		for x := b.Rect.Min.X; x < b.Rect.Max.X; x++ {
			if a.At(x, y) != b.At(x, y) {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if r.Empty() {
		r = image.Rect(b.Rect.Min.X, b.Rect.Min.Y, b.Rect.Min.X+1, b.Rect.Min.Y+1)
	}
	return r
}
