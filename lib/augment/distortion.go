package augment

import (
	"math"
	"math/rand/v2"

	"github.com/essnas/essnas/lib/augment/distort"
)

// distortion holds the parameters of all steps that turn one image into a view.
type distortion struct {
	// corner of the window, counted from the image's corner: -Crop.Pixels..Crop.Pixels
	top, left int
	// maps a pixel of the view to its source in the window, both counted from the centre: see Warp
	matrix     [6]float64
	brightness float64
	contrast   float64
	saturation float64
	hue        float64 // fraction of the colour circle
	gray       bool
	erase      rectangle
}

// rectangle covers the rows top..bottom-1 of the columns left..right-1.
type rectangle struct{ top, left, bottom, right int }

// plain returns the distortion that changes nothing.
func plain() distortion {
	return distortion{matrix: [6]float64{1, 0, 0, 0, 1, 0}, brightness: 1, contrast: 1, saturation: 1}
}

// draw draws the distortion of one h x w image. It draws every number, even for steps that do not
// happen, so that the probability of one step has no influence on the draws of the others. The
// rectangle to erase comes last because the number of its draws varies.
func draw(v distort.Views, h, w int, r *rand.Rand) distortion {
	d := plain()
	within := func(low, high float64) float64 { return low + (high-low)*r.Float64() }
	c, crop := v.Crop.Pixels, r.Float64() < v.Crop.Probability
	top, left := r.IntN(2*c+1)-c, r.IntN(2*c+1)-c
	if crop {
		d.top, d.left = top, left
	}

	flip := r.Float64() < v.Flip
	a, warp := v.Distort, r.Float64() < v.Distort.Probability
	angle := within(-a.Degrees, a.Degrees)
	x := math.RoundToEven(float64(w) * within(-a.Translate, a.Translate)) // rounds as Python does
	y := math.RoundToEven(float64(h) * within(-a.Translate, a.Translate))
	scale, shear := within(a.Scale[0], a.Scale[1]), within(-a.Shear, a.Shear)
	if warp {
		d.matrix = affine(angle, x, y, scale, shear)
	}
	if flip {
		d.mirror()
	}

	j, jitter := v.Jitter, r.Float64() < v.Jitter.Probability
	factor := func(s float64) float64 { return within(max(0, 1-s), 1+s) }
	brightness, contrast, saturation, hue := factor(j.Brightness), factor(j.Contrast), factor(j.Saturation), within(-j.Hue, j.Hue)
	if jitter {
		d.brightness, d.contrast, d.saturation, d.hue = brightness, contrast, saturation, hue
	}
	d.gray = r.Float64() < v.Grayscale
	if r.Float64() < v.Erase.Probability {
		d.erase = erased(v.Erase, h, w, r)
	}
	return d
}

// mirror exchanges left and right before the warp: the warp then samples the mirrored window.
func (d *distortion) mirror() {
	d.matrix[0], d.matrix[1], d.matrix[2] = -d.matrix[0], -d.matrix[1], -d.matrix[2]
}

// erased draws rectangles until one is smaller than the image. After ten attempts it returns none.
func erased(e distort.Erase, h, w int, r *rand.Rand) rectangle {
	within := func(low, high float64) float64 { return low + (high-low)*r.Float64() }
	for range 10 {
		area := float64(h*w) * within(e.Area[0], e.Area[1])
		ratio := math.Exp(within(math.Log(e.Ratio[0]), math.Log(e.Ratio[1])))
		height, width := int(math.RoundToEven(math.Sqrt(area*ratio))), int(math.RoundToEven(math.Sqrt(area/ratio)))
		if height < h && width < w {
			top, left := r.IntN(h-height+1), r.IntN(w-width+1)
			return rectangle{top, left, top + height, left + width}
		}
	}
	return rectangle{}
}

// affine returns the inverse of this map: shear along x, rotate and scale about the centre, move by
// (x, y) pixels. Angles are in degrees, clockwise on a screen, as in torchvision:
//
//	forward  [cos(a), -cos(a) tan(s) - sin(a); sin(a), -sin(a) tan(s) + cos(a)] scale
func affine(angle, x, y, scale, shear float64) [6]float64 {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	lean := math.Tan(shear * math.Pi / 180)
	m := [6]float64{
		0: (cos - sin*lean) / scale, 1: (sin + cos*lean) / scale,
		3: -sin / scale, 4: cos / scale,
	}
	m[2], m[5] = -m[0]*x-m[1]*y, -m[3]*x-m[4]*y
	return m
}

// The columns of the numbers that the graph takes for each view.
const (
	columnTop = iota
	columnLeft
	columnMatrix     // six
	columnBrightness = iota + 5
	columnContrast
	columnSaturation
	columnHue
	columnGray
	columnErase       // four: top, left, bottom, right
	distortionColumns = iota + 8
)

// numbers writes the distortions into columns: float32 [distortionColumns, len(all)].
func numbers(all []distortion) []float32 {
	out := make([]float32, distortionColumns*len(all))
	for i, d := range all {
		gray := 0.
		if d.gray {
			gray = 1
		}
		e := d.erase
		for column, v := range [distortionColumns]float64{
			float64(d.top), float64(d.left), d.matrix[0], d.matrix[1], d.matrix[2], d.matrix[3], d.matrix[4], d.matrix[5],
			d.brightness, d.contrast, d.saturation, d.hue, gray, float64(e.top), float64(e.left), float64(e.bottom), float64(e.right),
		} {
			out[column*len(all)+i] = float32(v)
		}
	}
	return out
}
