package corrupt

import (
	"bytes"
	"math"
	"testing"
)

// scene returns a smooth picture with an edge.
func scene(h, w, channels int) Picture {
	p := Picture{Height: h, Width: w, Channels: channels}
	for i := range h {
		for j := range w {
			for c := range channels {
				v := 100 + 60*math.Sin(float64(i*(c+1))/5) + 40*math.Cos(float64(j)/4)
				if i > j {
					v /= 2
				}
				p.Pixels = append(p.Pixels, uint8(v))
			}
		}
	}
	return p
}

func apply(t *testing.T, c Corruption, p Picture, severity, index int) Picture {
	t.Helper()
	y, err := c.Apply(p, severity, Random(1, c.Name, severity, index))
	if err != nil {
		t.Fatal(c.Name, err)
	}
	return y
}

// distance returns the root mean square difference, in grey levels.
func distance(a, b Picture) float64 {
	sum := 0.0
	for i := range a.Pixels {
		d := float64(a.Pixels[i]) - float64(b.Pixels[i])
		sum += d * d / float64(len(a.Pixels))
	}
	return math.Sqrt(sum)
}

// TestTheHighestSeverityChangesMoreThanTheLowest leaves out two corruptions whose severities differ
// in kind: elastic_transform rotates less and bends more, saturate first bleaches and then colours.
func TestTheHighestSeverityChangesMoreThanTheLowest(t *testing.T) {
	p := scene(32, 32, 3)
	for _, c := range All() {
		if c.Name == "elastic_transform" || c.Name == "saturate" {
			continue
		}
		mean := func(severity int) (d float64) {
			for i := range 20 {
				d += distance(p, apply(t, c, p, severity, i)) / 20
			}
			return d
		}
		if low, high := mean(1), mean(Severities); !(low > 0 && high > 1.2*low) {
			t.Errorf("%s changes pictures by %.2f grey levels at severity 1 and by %.2f at severity 5", c.Name, low, high)
		}
	}
}

func TestAPictureIsCorruptedInTheSameWayTwiceAndOtherPicturesInOthers(t *testing.T) {
	p := scene(32, 32, 3)
	random := map[string]bool{}
	for _, c := range All() {
		before := bytes.Clone(p.Pixels)
		a, b, other := apply(t, c, p, 3, 7), apply(t, c, p, 3, 7), apply(t, c, p, 3, 8)
		if !bytes.Equal(a.Pixels, b.Pixels) {
			t.Errorf("%s is not reproducible", c.Name)
		}
		if !bytes.Equal(before, p.Pixels) {
			t.Errorf("%s changes the picture that it is given", c.Name)
		}
		random[c.Name] = !bytes.Equal(a.Pixels, other.Pixels)
	}
	for _, name := range []string{"defocus_blur", "zoom_blur", "brightness", "contrast", "pixelate", "jpeg_compression", "gaussian_blur", "saturate"} {
		if random[name] {
			t.Errorf("%s draws random numbers", name)
		}
		delete(random, name)
	}
	for name, is := range random {
		if !is {
			t.Errorf("%s does the same to all pictures", name)
		}
	}
}

func TestPicturesOfAllFormsAreCorrupted(t *testing.T) {
	for _, p := range []Picture{scene(28, 28, 1), scene(7, 12, 3), scene(1, 1, 1), scene(96, 64, 3)} {
		for _, c := range All() {
			for severity := 1; severity <= Severities; severity++ {
				if y := apply(t, c, p, severity, 0); len(y.Pixels) != len(p.Pixels) || y.Height != p.Height || y.Width != p.Width {
					t.Errorf("%s of a picture of %dx%dx%d has another form", c.Name, p.Height, p.Width, p.Channels)
				}
			}
		}
	}
}

// TestNoiseHasItsVariance: the variance of Gaussian noise is sigma squared, that of shot noise
// v/photons, that of impulse noise the share of hit values times 1/4.
func TestNoiseHasItsVariance(t *testing.T) {
	x := newField(100, 100, 3)
	for i := range x.v {
		x.v[i] = 0.5
	}
	for name, want := range map[string]float64{
		"gaussian_noise": .08 * .08, "shot_noise": 0.5 / 100, "impulse_noise": .03 * 0.25, "speckle_noise": .12 * .12 * 0.25,
	} {
		c, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		mean, square := 0.0, 0.0
		for _, v := range c.change(x, 2, numbers{Random(1, name, 3, 0)}).v {
			mean += v / 30000
			square += (v - 0.5) * (v - 0.5) / 30000
		}
		// The standard error of the mean of 30,000 numbers is 0.006 of their standard deviation.
		if math.Abs(mean-0.5) > 4*math.Sqrt(want/30000) || math.Abs(square/want-1) > 0.15 {
			t.Errorf("%s: mean %.4f, variance %.5f; want 0.5 and %.5f", name, mean, square, want)
		}
	}
}

func TestFrostsOverlaysHaveTheColoursOfTheOriginals(t *testing.T) {
	mean := func(v []float64, c int) (m float64) {
		for i := c; i < len(v); i += 3 {
			m += 255 * v[i] / float64(len(v)/3)
		}
		return m
	}
	all := Overlays()
	for k, want := range [][3]float64{{78, 149, 166}, {201, 205, 214}, {201, 205, 214}, {138, 153, 166}, {112, 123, 135}} {
		for c := range 3 {
			// Clipping moves the mean, because some values leave the grey levels.
			if got := mean(all[k], c); math.Abs(got-want[c]) > 2 {
				t.Errorf("overlay %d, channel %d: mean %.1f, want %.0f", k, c, got, want[c])
			}
		}
	}
}

func TestWrongRequestsAreErrors(t *testing.T) {
	c := All()[0]
	for _, severity := range []int{0, 6} {
		if _, err := c.Apply(scene(8, 8, 3), severity, Random(1, "", 1, 0)); err == nil {
			t.Errorf("severity %d is accepted", severity)
		}
	}
	for _, p := range []Picture{{}, scene(4, 4, 2), {Height: 2, Width: 2, Channels: 1, Pixels: make([]uint8, 3)}} {
		if _, err := c.Apply(p, 1, Random(1, "", 1, 0)); err == nil {
			t.Errorf("a picture of %d bytes, %dx%dx%d, is accepted", len(p.Pixels), p.Height, p.Width, p.Channels)
		}
	}
	if _, err := Named("rain"); err == nil {
		t.Error("an unknown name is accepted")
	}
	if n := len(Standard()); n != 15 {
		t.Errorf("%d corruptions count in the mean, want 15", n)
	}
}
