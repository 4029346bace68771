package figure

import (
	"image/color"
	"math"
	"slices"

	"github.com/essnas/essnas/lib/cell"
)

// Hues beyond the palette, of Paul Tol's "muted" scheme, which is safe for all kinds of colour
// vision too.
var (
	// wine, olive and indigo, for the capsules' routings
	routings = []color.NRGBA{{0x88, 0x22, 0x55, 0xff}, {0x99, 0x99, 0x33, 0xff}, {0x33, 0x22, 0x88, 0xff}}
	// rose, teal and violet, for kinds of operations without a colour in the palette
	spare = []color.NRGBA{{0xcc, 0x66, 0x77, 0xff}, {0x44, 0xaa, 0x99, 0xff}, {0xaa, 0x44, 0x99, 0xff}}
)

// OperationColor returns the colour of an operation of the search space, the same in every figure.
// Related operations have related colours: poolings are blue, separable convolutions warm, dilated
// ones green and purple, capsules wine, olive and indigo, the skip connection black. The operation
// none and unknown names are grey.
//
// The kind of an operation, its dilation and the size of its window give the hue. The colour is
// darker if the windows together span more than those of DARTS' operation with that hue, and duller
// if they span less. Capsules are darker with more than two rounds of routing, and duller with
// fewer.
func OperationColor(op string) color.NRGBA {
	o, ok := cell.Lookup(op)
	if !ok {
		return grey
	}
	return colourOf(o)
}

// OperationDashed reports whether lines of an operation are dashed, the same in every figure: with
// dashes, the two operations of a related pair (such as the maximum and the average, or windows of
// 3 and 5) can be told apart without colour.
func OperationDashed(op string) bool {
	o, ok := cell.Lookup(op)
	if !ok {
		return false
	}
	switch o.Kind {
	case cell.MaxPool, cell.Identity, cell.CapsuleEM:
		return true
	case cell.Separable:
		return slices.ContainsFunc(o.Windows, func(w cell.Window) bool { return w.Size >= 5 })
	}
	return false
}

func colourOf(o cell.Operation) color.NRGBA {
	size, span := 0, 0
	for _, w := range o.Windows {
		size, span = max(size, w.Size), span+w.Reach()-1
	}
	switch o.Kind {
	case cell.Zero:
		return grey
	case cell.Identity:
		return black
	case cell.MaxPool:
		return toned(sky, span-2)
	case cell.AveragePool:
		return toned(blue, span-2)
	case cell.Separable:
		// Two windows of DARTS without dilation span as much as one with it: 4 at size 3, 8 at 5.
		small, large := orange, vermillion
		if o.Dilated() {
			small, large = green, purple
		}
		if size < 5 {
			return toned(small, span-4)
		}
		return toned(large, span-8)
	}
	if o.Capsule() {
		rounds := 0
		if o.Rounds > 0 {
			rounds = 3 * (o.Rounds - 2)
		}
		return toned(routings[o.Kind-cell.CapsuleDynamic], rounds)
	}
	other := int(o.Kind - cell.CapsuleSelf - 1)
	return toned(spare[other%len(spare)], span)
}

// toned mixes a colour with black if more is positive, and with a grey that is legible on white if
// more is negative. The share grows with the amount up to 60 %, at which the hue is still visible.
func toned(c color.NRGBA, more int) color.NRGBA {
	to := 0.0
	if more < 0 {
		to = 0x70
	}
	share := 0.6 * (1 - math.Exp2(-math.Abs(float64(more))/6))
	mix := func(v uint8) uint8 { return uint8(math.Round(float64(v) + share*(to-float64(v)))) }
	return color.NRGBA{mix(c.R), mix(c.G), mix(c.B), 0xff}
}
