package attack

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"

	"github.com/essnas/essnas/lib/data/images"
)

// Sample is an image with its adversarial images, for reports.
type Sample struct {
	Index int    `json:"index"`
	Label int    `json:"label"`
	Clean Answer `json:"clean"`
	// Picture is the clean image, a PNG.
	Picture []byte `json:"picture"`
	// At holds the adversarial image of each epsilon; skipped epsilons have no pictures.
	At []Perturbed `json:"at"`

	channels, side int
	err            error
}

// Perturbed is an adversarial image.
type Perturbed struct {
	Eps    float64 `json:"eps"`
	Answer Answer  `json:"answer"`
	// Picture is the adversarial image, a PNG with pixels rounded to 256 levels.
	Picture []byte `json:"picture,omitempty"`
	// Change is the perturbation, a PNG: grey where nothing changes, black and white at a change of
	// Magnified.
	Change    []byte  `json:"change,omitempty"`
	Magnified float64 `json:"magnified"`
}

func newSample(im images.Images, out Outcome) *Sample {
	s := &Sample{Index: out.Index, Label: out.Label, Clean: out.Clean, channels: im.Channels, side: im.Height}
	s.Picture, s.err = encode(Pixels(im, out.Index), im.Channels, im.Height)
	return s
}

// add records the adversarial image y of x. The last of several attacks counts: later ones run only
// if the earlier ones failed.
func (s *Sample) add(e int, x, y []float32, eps float64, a Answer) {
	for len(s.At) <= e {
		s.At = append(s.At, Perturbed{})
	}
	scale := 0.0
	for i := range x {
		scale = max(scale, math.Abs(float64(y[i])-float64(x[i])))
	}
	change := make([]float32, len(x))
	for i := range x {
		change[i] = 0.5
		if scale > 0 {
			change[i] += (y[i] - x[i]) / float32(2*scale)
		}
	}
	p := Perturbed{Eps: eps, Answer: a, Magnified: scale}
	var err error
	if p.Picture, err = encode(y, s.channels, s.side); err == nil {
		p.Change, err = encode(change, s.channels, s.side)
	}
	if err != nil {
		s.err = err
	}
	s.At[e] = p
}

// fill gives skipped epsilons the adversarial image of a smaller epsilon.
func (s *Sample) fill(eps []float64) {
	for e, x := range eps {
		if len(s.At) == e {
			s.At = append(s.At, Perturbed{})
		}
		if s.At[e].Eps != 0 {
			continue
		}
		s.At[e] = Perturbed{Answer: s.Clean, Picture: s.Picture}
		if e > 0 {
			s.At[e] = s.At[e-1]
		}
		s.At[e].Eps = x
	}
}

// encode returns an image [channels, side, side] with pixels in 0..1 as a PNG.
func encode(x []float32, channels, side int) ([]byte, error) {
	plane := side * side
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range plane {
		level := func(c int) uint8 { return uint8(math.Round(float64(unit(x[c%channels*plane+i])) * 255)) }
		m.SetRGBA(i%side, i/side, color.RGBA{level(0), level(1), level(2), 255})
	}
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}
