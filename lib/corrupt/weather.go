package corrupt

import (
	"math"
	"slices"
)

// luma holds the weights of red, green and blue in a grey value.
var luma = [3]float64{0.299, 0.587, 0.114}

// grey returns the grey value of a pixel.
func grey(pixel []float64) float64 {
	if len(pixel) == 1 {
		return pixel[0]
	}
	return luma[0]*pixel[0] + luma[1]*pixel[1] + luma[2]*pixel[2]
}

// snow whitens the image and adds flakes with motion blur.
func snow(x *field, severity int, s source) *field {
	p := [...]struct {
		mean, sigma, zoom, threshold float64
		radius                       int
		smear, rest                  float64
	}{
		{.1, .2, 1, .6, 8, 3, .95},
		{.1, .2, 1, .5, 10, 4, .9},
		{.15, .3, 1.75, .55, 10, 4, .9},
		{.25, .3, 2.25, .6, 12, 6, .85},
		{.3, .3, 1.25, .65, 14, 12, .8},
	}[severity]
	flakes := newField(x.h, x.w, 1).map1(func(int, float64) float64 { return p.mean + p.sigma*s.normal() })
	flakes = flakes.zoomed(p.zoom).map1(func(_ int, v float64) float64 {
		if v < p.threshold {
			return 0
		}
		return math.Floor(clip(v)*255) / 255
	})
	flakes = flakes.smear(p.radius, p.smear, within(s, -135, -45)).rounded()
	last := len(flakes.v) - 1
	return x.map1(func(i int, v float64) float64 {
		at := i / x.c
		white := max(v, 1.5*grey(x.v[at*x.c:(at+1)*x.c])+0.5)
		return p.rest*v + (1-p.rest)*white + flakes.v[at] + flakes.v[last-at]
	})
}

// fog adds a fractal of clouds by the diamond-square algorithm.
func fog(x *field, severity int, s source) *field {
	thick := [...]float64{.2, .5, .75, 1, 1.5}[severity]
	decay := [...]float64{3, 3, 2.5, 2, 1.75}[severity]
	side := 2
	for side < max(x.h, x.w) {
		side *= 2
	}
	clouds := plasma(side, decay, s)
	most := slices.Max(x.v)
	return x.map1(func(i int, v float64) float64 {
		at := i / x.c
		return (v + thick*clouds.at(at/x.w, at%x.w, 0)) * most / (most + thick)
	})
}

// plasma returns a periodic fractal, [side][side] in 0..1. Each step sets the points between known
// points to their mean plus a random number. The bound of the random numbers falls by the factor
// decay with each step.
func plasma(side int, decay float64, s source) *field {
	x := newField(side, side, 1)
	at := func(i, j int) float64 { return x.at((i+side)%side, (j+side)%side, 0) }
	bound := 100.0
	random := func() float64 { return bound * within(s, -bound, bound) }
	for step := side; step >= 2; step /= 2 {
		half := step / 2
		fill := func(row, column int, mean func(i, j int) float64) {
			for i := row; i < side; i += step {
				for j := column; j < side; j += step {
					x.set(i, j, 0, mean(i, j)/4+random())
				}
			}
		}
		fill(half, half, func(i, j int) float64 {
			return at(i-half, j-half) + at(i+half, j-half) + at(i-half, j+half) + at(i+half, j+half)
		})
		cross := func(i, j int) float64 {
			return at(i-half, j) + at(i+half, j) + at(i, j-half) + at(i, j+half)
		}
		fill(0, half, cross)
		fill(half, 0, cross)
		bound /= decay
	}
	low, top := slices.Min(x.v), slices.Max(x.v)
	return x.map1(func(_ int, v float64) float64 { return (v - low) / (top - low) })
}

// brightness raises the value in the HSV colour space.
func brightness(x *field, severity int, _ source) *field {
	more := [...]float64{.05, .1, .15, .2, .3}[severity]
	y := newField(x.h, x.w, x.c)
	for i := 0; i < len(x.v); i += x.c {
		value := slices.Max(x.v[i : i+x.c])
		brighter := clip(value + more)
		for c := range x.c {
			if value > 0 {
				y.v[i+c] = x.v[i+c] * brighter / value
			} else {
				y.v[i+c] = brighter
			}
		}
	}
	return y
}
