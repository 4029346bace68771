package corrupt

import (
	"math"
	"slices"
)

// contrast moves every channel towards its mean.
func contrast(x *field, severity int, _ source) *field {
	share := [...]float64{.75, .5, .4, .3, .15}[severity]
	mean := make([]float64, x.c)
	for i, v := range x.v {
		mean[i%x.c] += v / float64(x.h*x.w)
	}
	return x.map1(func(i int, v float64) float64 { return (v-mean[i%x.c])*share + mean[i%x.c] })
}

// saturate changes the saturation in the HSV colour space. A grey pixel has the hue of red. An
// image of one channel does not change.
func saturate(x *field, severity int, _ source) *field {
	if x.c == 1 {
		return x
	}
	times := [...]float64{.3, .1, 1.5, 2, 2.5}[severity]
	plus := [...]float64{0, 0, 0, .1, .2}[severity]
	y := newField(x.h, x.w, x.c)
	for i := 0; i < len(x.v); i += x.c {
		pixel := x.v[i : i+x.c]
		value := slices.Max(pixel)
		spread := value - slices.Min(pixel)
		if spread == 0 {
			y.v[i], y.v[i+1], y.v[i+2] = value, value*(1-plus), value*(1-plus)
			continue
		}
		s := spread / value
		for c, v := range pixel {
			y.v[i+c] = value - (value-v)*clip(s*times+plus)/s
		}
	}
	return y
}

// pixelate scales the image down and up again. Each pixel is the mean of the pixels that it covers,
// rounded to grey levels along each axis, as Pillow's box filter does.
func pixelate(x *field, severity int, _ source) *field {
	share := [...]float64{.95, .9, .85, .75, .65}[severity]
	less := func(n int) int { return max(1, int(float64(n)*share)) }
	return x.boxed(less(x.h), less(x.w)).boxed(x.h, x.w)
}

func (x *field) boxed(h, w int) *field {
	across := newField(x.h, w, x.c)
	for j, box := range boxes(x.w, w) {
		for i := range x.h {
			for k, weight := range box.weights {
				for c := range x.c {
					across.pixel(i, j)[c] += weight * x.at(i, box.first+k, c)
				}
			}
		}
	}
	across = across.rounded()
	y := newField(h, w, x.c)
	for i, box := range boxes(x.h, h) {
		for j := range w {
			for k, weight := range box.weights {
				for c := range x.c {
					y.pixel(i, j)[c] += weight * across.at(box.first+k, j, c)
				}
			}
		}
	}
	return y.rounded()
}

// box holds the pixels that a pixel of the result averages, with their weights.
type box struct {
	first   int
	weights []float64
}

// boxes returns the boxes that scale n pixels to m.
func boxes(n, m int) (all []box) {
	scale := float64(n) / float64(m)
	wide := max(scale, 1)
	for i := range m {
		middle := (float64(i) + 0.5) * scale
		first := max(0, int(middle-wide/2+0.5))
		end := min(n, int(middle+wide/2+0.5))
		b := box{first: first}
		for k := first; k < end; k++ {
			// A pixel counts if its middle lies in the box.
			if d := (float64(k) - middle + 0.5) / wide; d > -0.5 && d <= 0.5 {
				b.weights = append(b.weights, 1)
			} else {
				b.weights = append(b.weights, 0)
			}
		}
		sum := 0.0
		for _, weight := range b.weights {
			sum += weight
		}
		for k := range b.weights {
			b.weights[k] /= sum
		}
		all = append(all, b)
	}
	return all
}

// elasticTransform applies a small random affine map, and then displaces every pixel by a smooth
// random field.
func elasticTransform(x *field, severity int, s source) *field {
	side := float64(min(x.h, x.w))
	strength := side * [...]float64{0, .05, .08, .1, .1}[severity]
	sigma := side * [...]float64{0, .2, .06, .04, .03}[severity]
	jitter := side * [...]float64{.08, .07, .06, .05, .03}[severity]

	x0, y0, d := float64(x.w/2), float64(x.h/2), float64(min(x.h, x.w)/3)
	before := [3][2]float64{{x0 + d, y0 + d}, {x0 + d, y0 - d}, {x0 - d, y0 - d}}
	after := before
	for i := range after {
		for j := range 2 {
			after[i][j] += within(s, -jitter, jitter)
		}
	}
	back := affine(after, before)
	warped := newField(x.h, x.w, x.c)
	for i := range x.h {
		for j := range x.w {
			column, row := back(float64(j), float64(i))
			for c := range x.c {
				warped.set(i, j, c, x.between(row, column, c, mirrored))
			}
		}
	}
	shift := func() *field {
		f := newField(x.h, x.w, 1).map1(func(int, float64) float64 { return within(s, -1, 1) })
		return f.smooth(sigma, 3, symmetric)
	}
	right, down := shift(), shift()
	y := newField(x.h, x.w, x.c)
	for i := range x.h {
		for j := range x.w {
			row, column := float64(i)+strength*down.at(i, j, 0), float64(j)+strength*right.at(i, j, 0)
			for c := range x.c {
				y.set(i, j, c, warped.between(row, column, c, symmetric))
			}
		}
	}
	return y
}

// affine returns the affine map that takes three points to three others.
func affine(from, to [3][2]float64) func(x, y float64) (float64, float64) {
	ax, ay := from[1][0]-from[0][0], from[1][1]-from[0][1]
	bx, by := from[2][0]-from[0][0], from[2][1]-from[0][1]
	det := ax*by - ay*bx
	if math.Abs(det) < 1e-12 { // the points lie on a line and determine no map
		return func(x, y float64) (float64, float64) { return x, y }
	}
	return func(x, y float64) (float64, float64) {
		x, y = x-from[0][0], y-from[0][1]
		a, b := (x*by-y*bx)/det, (ax*y-ay*x)/det
		at := func(k int) float64 { return to[0][k] + a*(to[1][k]-to[0][k]) + b*(to[2][k]-to[0][k]) }
		return at(0), at(1)
	}
}
