package corrupt

import "math"

// smooth applies a Gaussian filter with the standard deviation sigma, in pixels. Its weights are
// cut off at truncate standard deviations.
func (x *field) smooth(sigma, truncate float64, b border) *field {
	radius := int(truncate*sigma + 0.5)
	if radius == 0 {
		return x
	}
	weights := make([]float64, 2*radius+1)
	sum := 0.0
	for i := range weights {
		d := float64(i - radius)
		weights[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += weights[i]
	}
	rows, both := newField(x.h, x.w, x.c), newField(x.h, x.w, x.c)
	for i := range x.h {
		for k, weight := range weights {
			from := b(i+k-radius, x.h)
			for j := range x.w * x.c {
				rows.v[i*x.w*x.c+j] += weight / sum * x.v[from*x.w*x.c+j]
			}
		}
	}
	for j := range x.w {
		for k, weight := range weights {
			from := b(j+k-radius, x.w)
			for i := range x.h {
				for c := range x.c {
					both.v[(i*x.w+j)*x.c+c] += weight / sum * rows.at(i, from, c)
				}
			}
		}
	}
	return both
}

// gaussianBlur applies a Gaussian filter.
func gaussianBlur(x *field, severity int, _ source) *field {
	return x.smooth([...]float64{.4, .6, .7, .8, 1}[severity], 4, nearest)
}

// defocusBlur spreads every point over a disk with a soft edge.
func defocusBlur(x *field, severity int, _ source) *field {
	radius := [...]float64{.3, .4, .5, 1, 1.5}[severity]
	soft := [...]float64{.4, .5, .6, .2, .1}[severity]
	const reach = 3 // largest radius of a soft disk, in pixels
	const side = 2*reach + 1
	disk := newField(side, side, 1)
	points := 0.0
	for i := range disk.v {
		a, b := float64(i/side-reach), float64(i%side-reach)
		if a*a+b*b <= radius*radius {
			disk.v[i] = 1
			points++
		}
	}
	// As in the original, the filter that softens the edge has 3x3 pixels for every standard
	// deviation.
	edge := math.Exp(-1 / (2 * soft * soft))
	weights := [3]float64{edge / (1 + 2*edge), 1 / (1 + 2*edge), edge / (1 + 2*edge)}
	y := newField(x.h, x.w, x.c)
	for i := range side {
		for j := range side {
			weight := 0.0
			for a := range 3 {
				for b := range 3 {
					if r, c := i+a-1, j+b-1; r >= 0 && r < side && c >= 0 && c < side {
						weight += weights[a] * weights[b] * disk.at(r, c, 0) / points
					}
				}
			}
			if weight > 0 {
				y.addShifted(x, weight, i-reach, j-reach, mirrored)
			}
		}
	}
	return y
}

// addShifted adds to every pixel a share of the pixel that lies this number of rows below it and of
// columns to its right.
func (x *field) addShifted(from *field, weight float64, rows, columns int, b border) {
	for i := range x.h {
		row := b(i+rows, x.h)
		for j := range x.w {
			to, of := x.pixel(i, j), from.pixel(row, b(j+columns, x.w))
			for c := range to {
				to[c] += weight * of[c]
			}
		}
	}
}

// glassBlur replaces pixels by random neighbours between two Gaussian filters.
func glassBlur(x *field, severity int, s source) *field {
	sigma := [...]float64{.05, .25, .4, .25, .4}[severity]
	const reach = 1 // largest distance of the neighbour, in pixels
	y := x.smooth(sigma, 4, nearest).map1(func(_ int, v float64) float64 { return math.Floor(v*255) / 255 })
	for range [...]int{1, 1, 1, 2, 2}[severity] {
		for i := x.h - reach; i > reach; i-- {
			for j := x.w - reach; j > reach; j-- {
				right := s.whole(2*reach) - reach
				down := s.whole(2*reach) - reach
				copy(y.pixel(i, j), y.pixel(i+down, j+right))
			}
		}
	}
	return y.smooth(sigma, 4, nearest)
}

// motionBlur smears the image along a line between -45 and 45 degrees.
func motionBlur(x *field, severity int, s source) *field {
	radius := [...]int{6, 6, 6, 8, 9}[severity]
	sigma := [...]float64{1, 1.5, 2, 2, 2.5}[severity]
	return x.smear(radius, sigma, within(s, -45, 45)).rounded()
}

// smear adds up copies of the image that are shifted along a direction, in degrees. The weights are
// those of half a Gaussian, as in ImageMagick's motion blur.
func (x *field) smear(radius int, sigma, angle float64) *field {
	weights := make([]float64, 2*radius+1)
	sum := 0.0
	for i := range weights {
		weights[i] = math.Exp(-float64(i*i) / (2 * sigma * sigma))
		sum += weights[i]
	}
	sin, cos := math.Sincos(angle * math.Pi / 180)
	y := newField(x.h, x.w, x.c)
	for i, weight := range weights {
		down, right := math.Ceil(float64(i)*sin-0.5), math.Ceil(float64(i)*cos-0.5)
		y.addShifted(x, weight/sum, int(down), int(right), nearest)
	}
	return y
}

// rounded rounds to the nearest grey levels. It rounds halves up, and 1e-9 compensates for the
// rounding of earlier sums.
func (x *field) rounded() *field {
	return x.map1(func(_ int, v float64) float64 { return math.Floor(clip(v)*255+0.5+1e-9) / 255 })
}

// zoomBlur returns the mean of the image and of enlarged copies.
func zoomBlur(x *field, severity int, _ source) *field {
	steps := [...]int{7, 12, 16, 21, 26}[severity] // enlargements, 1 % apart
	y := newField(x.h, x.w, x.c)
	add := func(z *field) {
		for i, v := range z.v {
			y.v[i] += v / float64(steps+1)
		}
	}
	add(x)
	one, percent := 1.0, 0.01
	step := one + percent - one // rounded as in NumPy's arange, because the sizes depend on the last bit
	for i := range steps {
		add(x.zoomed(one + step*float64(i)))
	}
	return y
}

// zoomed enlarges the middle of the image to the size of the image.
func (x *field) zoomed(factor float64) *field {
	axis := func(n int) (from, in, out, trim int) {
		in = int(math.Ceil(float64(n) / factor))
		out = int(math.RoundToEven(float64(in) * factor))
		return (n - in) / 2, in, out, (out - n) / 2
	}
	top, h, tall, cutTop := axis(x.h)
	left, w, wide, cutLeft := axis(x.w)
	inner := newField(h, w, x.c)
	for i := range h {
		for j := range w {
			copy(inner.pixel(i, j), x.pixel(top+i, left+j))
		}
	}
	// Corners map to corners. A point that lies outside by rounding is black, as in SciPy.
	position := func(i, in, out int) float64 { return float64(i) * (float64(in-1) / float64(max(out-1, 1))) }
	y := newField(x.h, x.w, x.c)
	for i := range x.h {
		row := position(i+cutTop, h, tall)
		for j := range x.w {
			column := position(j+cutLeft, w, wide)
			if row > float64(h-1) || column > float64(w-1) {
				continue
			}
			for c := range x.c {
				y.set(i, j, c, inner.between(row, column, c, nearest))
			}
		}
	}
	return y
}
