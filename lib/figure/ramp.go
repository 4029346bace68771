package figure

import (
	"image/color"
	"sync"

	"gonum.org/v1/plot/palette/moreland"
)

// ramp returns the colour of a value in 0..1, from white to dark blue. The lightness falls
// linearly, so the ramp works for colour-blind readers and in grey printing.
func ramp(share float64) color.NRGBA { return pick(blues(), share) }

// diverging returns the colour of a correlation in -1..1: the ramp's blues above 0, white at 0, and
// browns of nearly the same lightness below 0.
func diverging(value float64) color.NRGBA {
	if value < 0 {
		return pick(browns(), -value)
	}
	return ramp(value)
}

// shades is the number of colours of a map, more than readers can distinguish.
const shades = 512

// ColorBrewer's Blues and Oranges, with white in place of their lightest colours.
var (
	blues = sync.OnceValue(func() []color.Color {
		return shaded(0x08306b, 0x08519c, 0x2171b5, 0x4292c6, 0x6baed6, 0x9ecae1, 0xc6dbef, 0xdeebf7, 0xffffff)
	})
	browns = sync.OnceValue(func() []color.Color {
		return shaded(0x7f2704, 0xa63603, 0xd94801, 0xf16913, 0xfd8d3c, 0xfdae6b, 0xfdd0a2, 0xfee6ce, 0xffffff)
	})
)

// shaded interpolates between colours of rising lightness, such that the lightness rises linearly.
func shaded(controls ...uint32) []color.Color {
	all := make([]color.Color, len(controls))
	for i, c := range controls {
		all[i] = color.NRGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 0xff}
	}
	m, err := moreland.NewLuminance(all)
	if err != nil {
		panic(err) // the colours above have rising lightness
	}
	m.SetMin(0)
	m.SetMax(1)
	return m.Palette(shades).Colors()
}

// pick returns the colour of a value in 0..1 from colours in the order of rising lightness.
func pick(all []color.Color, share float64) color.NRGBA {
	i := int((1-min(max(share, 0), 1))*(shades-1) + 0.5)
	return color.NRGBAModel.Convert(all[i]).(color.NRGBA)
}
