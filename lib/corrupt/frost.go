package corrupt

import (
	"math"
	"sync"
)

// Overlays returns five pictures of frost, each [128][128][3] with values in 0..1. A fixed
// procedure draws 800 needles of ice, in bundles of six directions, over a fractal of patches. Each
// picture has the mean colour and the standard deviation of one photograph of the original, at the
// original's scale.
func Overlays() [][]float64 {
	var all [][]float64
	for _, o := range overlays() {
		all = append(all, o.v)
	}
	return all
}

const overlaySide = 128

var overlays = sync.OnceValue(func() (all []*field) {
	for k, p := range []struct{ mean, sigma [3]float64 }{
		{[3]float64{78, 149, 166}, [3]float64{27, 16, 15}},
		{[3]float64{201, 205, 214}, [3]float64{21, 22, 23}},
		{[3]float64{201, 205, 214}, [3]float64{21, 22, 23}}, // two photographs of the original are alike
		{[3]float64{138, 153, 166}, [3]float64{29, 29, 30}},
		{[3]float64{112, 123, 135}, [3]float64{44, 43, 42}},
	} {
		ice := crystals(numbers{Random(1, "overlay", 1, k)})
		o := newField(overlaySide, overlaySide, 3)
		for i, v := range ice.v {
			for c := range 3 {
				o.v[3*i+c] = clip((p.mean[c] + p.sigma[c]*v) / 255)
			}
		}
		all = append(all, o.rounded())
	}
	return all
})

// crystals draws patches and needles of ice, with mean 0 and standard deviation 1.
func crystals(s source) *field {
	x := plasma(overlaySide, 1.5, s).standard()
	needles := newField(overlaySide, overlaySide, 1)
	for range 800 {
		row, column := overlaySide*s.uniform(), overlaySide*s.uniform()
		angle := (math.Floor(6*s.uniform()) + 0.5*s.uniform()) * math.Pi / 6
		bright := s.normal()
		sin, cos := math.Sincos(angle)
		for length := range 3 + s.whole(14) {
			i, j := int(row+float64(length)*sin), int(column+float64(length)*cos)
			needles.v[(i+overlaySide)%overlaySide*overlaySide+(j+overlaySide)%overlaySide] += bright
		}
	}
	needles = needles.smooth(0.5, 4, symmetric).standard()
	return x.map1(func(i int, v float64) float64 { return v + needles.v[i] }).standard()
}

// standard scales the values to mean 0 and standard deviation 1.
func (x *field) standard() *field {
	n := float64(len(x.v))
	mean, square := 0.0, 0.0
	for _, v := range x.v {
		mean += v / n
	}
	for _, v := range x.v {
		square += (v - mean) * (v - mean) / n
	}
	return x.map1(func(_ int, v float64) float64 { return (v - mean) / math.Sqrt(square) })
}

// frost lays a part of an overlay over the image.
func frost(x *field, severity int, s source) *field { return frosted(x, severity, s, overlays()) }

// frosted is frost with these overlays. An overlay that is smaller than the image continues at its
// opposite side.
func frosted(x *field, severity int, s source, overlays []*field) *field {
	image := [...]float64{1, 1, .9, .85, .75}[severity]
	ice := [...]float64{.2, .3, .4, .4, .45}[severity]
	o := overlays[s.whole(len(overlays))]
	top, left := s.whole(max(o.h-x.h, 1)), s.whole(max(o.w-x.w, 1))
	return x.map1(func(i int, v float64) float64 {
		at := i / x.c
		pixel := o.pixel((top+at/x.w)%o.h, (left+at%x.w)%o.w)
		if x.c == 1 {
			return image*v + ice*grey(pixel)
		}
		return image*v + ice*pixel[i%x.c]
	})
}
