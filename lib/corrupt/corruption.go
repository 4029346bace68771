package corrupt

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
)

// Severities is the number of severities of a corruption, which are counted from 1.
const Severities = 5

// Picture is an image of one channel (grey) or three (red, green, blue).
type Picture struct {
	Height, Width, Channels int
	Pixels                  []uint8 // [Height][Width][Channels]
}

// Corruption is a kind of corruption of images.
type Corruption struct {
	Name string // name of the file in CIFAR-10-C
	Kind string // noise, blur, weather or digital
	// Extra corruptions do not count in the mean corruption error.
	Extra bool
	// change returns the corrupted image. Its values may leave 0..1. severity counts from 0.
	change func(x *field, severity int, s source) *field
}

// All returns the corruptions in the paper's order, the extra ones at the end.
func All() []Corruption {
	return []Corruption{
		{Name: "gaussian_noise", Kind: "noise", change: gaussianNoise},
		{Name: "shot_noise", Kind: "noise", change: shotNoise},
		{Name: "impulse_noise", Kind: "noise", change: impulseNoise},
		{Name: "defocus_blur", Kind: "blur", change: defocusBlur},
		{Name: "glass_blur", Kind: "blur", change: glassBlur},
		{Name: "motion_blur", Kind: "blur", change: motionBlur},
		{Name: "zoom_blur", Kind: "blur", change: zoomBlur},
		{Name: "snow", Kind: "weather", change: snow},
		{Name: "frost", Kind: "weather", change: frost},
		{Name: "fog", Kind: "weather", change: fog},
		{Name: "brightness", Kind: "weather", change: brightness},
		{Name: "contrast", Kind: "digital", change: contrast},
		{Name: "elastic_transform", Kind: "digital", change: elasticTransform},
		{Name: "pixelate", Kind: "digital", change: pixelate},
		{Name: "jpeg_compression", Kind: "digital", change: jpegCompression},
		{Name: "speckle_noise", Kind: "noise", Extra: true, change: speckleNoise},
		{Name: "gaussian_blur", Kind: "blur", Extra: true, change: gaussianBlur},
		{Name: "saturate", Kind: "digital", Extra: true, change: saturate},
	}
}

// Standard returns the names of the corruptions that count in the mean corruption error.
func Standard() (names []string) {
	for _, c := range All() {
		if !c.Extra {
			names = append(names, c.Name)
		}
	}
	return names
}

// Names returns the names of all corruptions.
func Names() (names []string) {
	for _, c := range All() {
		names = append(names, c.Name)
	}
	return names
}

// Named returns the corruption with a name. For an unknown name it returns an error that lists the
// names.
func Named(name string) (Corruption, error) {
	for _, c := range All() {
		if c.Name == name {
			return c, nil
		}
	}
	return Corruption{}, fmt.Errorf("there is no corruption %q: use one or more of %s", name, strings.Join(Names(), ", "))
}

// Apply returns the corrupted picture and leaves p unchanged. It returns an error if the severity
// is not in 1..5, if the picture has no pixels, if it has neither 1 nor 3 channels, or if the
// number of its bytes does not fit its sides.
func (c Corruption) Apply(p Picture, severity int, r *rand.Rand) (Picture, error) {
	if severity < 1 || severity > Severities {
		return Picture{}, fmt.Errorf("severity is %d: give 1 to %d", severity, Severities)
	}
	if n := p.Height * p.Width * p.Channels; n <= 0 || len(p.Pixels) != n || p.Channels != 1 && p.Channels != 3 {
		return Picture{}, fmt.Errorf("%d bytes are no picture of %dx%d pixels with %d channels: give pictures of 1 or 3 channels", len(p.Pixels), p.Height, p.Width, p.Channels)
	}
	p.Pixels = c.change(fieldOf(p), severity-1, numbers{r}).bytes()
	return p, nil
}

// Random returns the generator for one image under one corruption. index is the image's number in
// its data set.
func Random(seed uint64, name string, severity, index int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, name, " ", severity, " ", index)
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// field is an image, or one channel, as numbers: 0 is black, 1 is white.
type field struct {
	h, w, c int
	v       []float64 // [h][w][c]
}

func newField(h, w, c int) *field { return &field{h, w, c, make([]float64, h*w*c)} }

func fieldOf(p Picture) *field {
	x := newField(p.Height, p.Width, p.Channels)
	for i, b := range p.Pixels {
		x.v[i] = float64(b) / 255
	}
	return x
}

// bytes clips the values to 0..1 and rounds down to grey levels, as CIFAR-10-C does.
func (x *field) bytes() []uint8 {
	b := make([]uint8, len(x.v))
	for i, v := range x.v {
		b[i] = uint8(clip(v) * 255)
	}
	return b
}

// map1 applies f to every value.
func (x *field) map1(f func(i int, v float64) float64) *field {
	y := newField(x.h, x.w, x.c)
	for i, v := range x.v {
		y.v[i] = f(i, v)
	}
	return y
}

func (x *field) at(row, column, channel int) float64 { return x.v[(row*x.w+column)*x.c+channel] }

func (x *field) set(row, column, channel int, v float64) { x.v[(row*x.w+column)*x.c+channel] = v }

// pixel returns the part of v that holds the channels of a pixel.
func (x *field) pixel(row, column int) []float64 {
	at := (row*x.w + column) * x.c
	return x.v[at : at+x.c]
}

// clip returns the nearest number in 0..1.
func clip(v float64) float64 { return math.Min(math.Max(v, 0), 1) }

// A border maps the index of a row or column outside of 0..n-1 to an index inside.
type border func(i, n int) int

// nearest repeats the outermost element: a a a | a b c d | d d d.
func nearest(i, n int) int { return min(max(i, 0), n-1) }

// symmetric mirrors and repeats the outermost element: c b a | a b c d | d c b.
func symmetric(i, n int) int {
	i = ((i % (2 * n)) + 2*n) % (2 * n)
	return min(i, 2*n-1-i)
}

// mirrored mirrors without repeating the outermost element: d c b | a b c d | c b a.
func mirrored(i, n int) int {
	if n == 1 {
		return 0
	}
	period := 2*n - 2
	i = ((i % period) + period) % period
	return min(i, period-i)
}

// between returns the value at a point between pixels, by bilinear interpolation.
func (x *field) between(row, column float64, channel int, b border) float64 {
	top, left := math.Floor(row), math.Floor(column)
	down, right := row-top, column-left
	v := func(i, j int) float64 { return x.at(b(int(top)+i, x.h), b(int(left)+j, x.w), channel) }
	return (1-down)*((1-right)*v(0, 0)+right*v(0, 1)) + down*((1-right)*v(1, 0)+right*v(1, 1))
}
