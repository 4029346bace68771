package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/essnas/essnas/lib/augment/distort"
)

func TestViewsWithoutDistortionsAreTheNormalisedPictures(t *testing.T) {
	for _, im := range twinPictures() {
		f := feeder(t, im, 8, Options{})
		index := []int32{5, 0, 39, 5, 17, 1, 2, 3}
		want, labels := run(t, f, index, nil)
		for name, v := range map[string]struct {
			distort.Views
			r *rand.Rand
		}{"nothing to do": {distort.Views{}, rand.New(rand.NewPCG(1, 1))}, "no generator": {everything(), nil}} {
			a, b, y, err := twins(t, f, v.Views).Batch(index, v.r)
			x, got := look(t, a, b, y, err)
			if !slices.Equal(got, labels) {
				t.Errorf("%s: labels %v, want %v", name, got, labels)
			}
			for view := range x {
				for i, p := range x[view] {
					if d := p - want[i]; d > 2e-6 || d < -2e-6 {
						t.Fatalf("%s: view %d has %g at %d, want %g", name, view, p, i, want[i])
					}
				}
			}
		}
	}
}

func TestTwinsAreAFunctionOfTheGenerator(t *testing.T) {
	for _, im := range twinPictures() {
		w := twins(t, feeder(t, im, 8, Options{}), everything())
		batch := func(seed uint64) [2][]float32 {
			a, b, y, err := w.Batch([]int32{0, 1, 2, 3, 4, 5, 6, 7}, rand.New(rand.NewPCG(seed, 0)))
			x, _ := look(t, a, b, y, err)
			return x
		}
		var together [6][2][]float32
		var all sync.WaitGroup
		for i := range together {
			all.Go(func() { together[i] = batch(uint64(i)) })
		}
		all.Wait()
		for i, x := range together {
			again := batch(uint64(i))
			if !slices.Equal(x[0], again[0]) || !slices.Equal(x[1], again[1]) {
				t.Errorf("generator %d makes two batches", i)
			}
			if i > 0 && slices.Equal(x[0], together[0][0]) {
				t.Errorf("generators 0 and %d make one batch", i)
			}
		}
	}
}

// The two views of one image differ in 32 draws (root mean square, in standard deviations of the
// pixels), and so do all views of these draws.
func TestTheViewsOfAPictureDiffer(t *testing.T) {
	for _, im := range twinPictures() {
		const batch = 32
		a, b, y, err := twins(t, feeder(t, im, batch, Options{}), distort.Default()).Batch(make([]int32, batch), rand.New(rand.NewPCG(3, 3)))
		x, _ := look(t, a, b, y, err)
		for k := range batch {
			sum := 0.0
			for i := k; i < len(x[0]); i += batch {
				d := float64(x[0][i] - x[1][i])
				sum += d * d
			}
			if rms := math.Sqrt(sum * batch / float64(len(x[0]))); rms < 0.2 || math.IsNaN(rms) {
				t.Errorf("views %d differ by %g", k, rms)
			}
			for other := range k {
				if view := func(k int) (v []float32) {
					for i := k; i < len(x[0]); i += batch {
						v = append(v, x[0][i])
					}
					return v
				}; slices.Equal(view(k), view(other)) {
					t.Errorf("the same picture has the same view in slots %d and %d", other, k)
				}
			}
		}
	}
}

// The probability of a step changes only whether this step happens.
func TestDrawsDontDependOnProbabilities(t *testing.T) {
	all, some := everything(), everything()
	some.Crop.Probability, some.Distort.Probability, some.Flip, some.Erase.Probability = 0, 0, 0, 0
	one := func(v distort.Views) distortion { return draw(v, 32, 32, rand.New(rand.NewPCG(8, 8))) }
	a, b := one(all), one(some)
	if b.top != 0 || b.left != 0 || b.matrix != plain().matrix || b.erase != (rectangle{}) {
		t.Errorf("what never happens happened: %+v", b)
	}
	a.top, a.left, a.matrix, a.erase = b.top, b.left, b.matrix, b.erase
	if a != b {
		t.Errorf("%+v without crop, warp, flip and rectangle is %+v", a, b)
	}
}

// All drawn numbers are uniform (chi-squared in 20 cells, below the 0.9999 quantile) and within
// their bounds, and every step happens as often as its probability says (within 4 standard
// deviations).
func TestDistortionsAreDrawnAsTheSettingsSay(t *testing.T) {
	const n, h, w = 40000, 32, 28
	v := distort.Default()
	r := rand.New(rand.NewPCG(4, 5))
	counts := map[string]float64{}
	values := map[string][]float64{} // scaled to 0..1
	note := func(name string, x, low, high float64) { values[name] = append(values[name], (x-low)/(high-low)) }
	for range n {
		d := draw(v, h, w, r)
		note("top", float64(d.top)+r.Float64(), -4, 5)
		note("left", float64(d.left)+r.Float64(), -4, 5)
		m := d.matrix
		if m[0] < 0 {
			counts["flip"]++
			d.mirror()
			m = d.matrix
		}
		if m != plain().matrix {
			counts["distort"]++
			// The inverse of rotation, shear and scale, taken apart again.
			scale := 1 / math.Sqrt(m[0]*m[4]-m[1]*m[3])
			angle := math.Atan2(-m[3], m[4])
			shear := math.Atan((m[1]*scale - math.Sin(angle)) / math.Cos(angle))
			note("scale", scale, 1, 1.6)
			note("angle", angle*180/math.Pi, -10, 10)
			note("shear", shear*180/math.Pi, -8, 8)
			x, y := (m[1]*m[5]-m[4]*m[2])*scale*scale, (m[3]*m[2]-m[0]*m[5])*scale*scale
			for side, moved := range map[float64]float64{w: x, h: y} {
				if whole := math.Round(moved); math.Abs(moved-whole) > 1e-9 || math.Abs(whole) > math.Round(0.15*side) {
					t.Fatalf("moved by %g of %g pixels", moved, side)
				}
				if math.Abs(moved) > 0.5 {
					counts["moved"]++
				}
			}
		}
		if d.brightness != 1 {
			counts["jitter"]++
			note("brightness", d.brightness, 0.6, 1.4)
			note("contrast", d.contrast, 0.6, 1.4)
			note("saturation", d.saturation, 0.8, 1.2)
			note("hue", d.hue, -0.1, 0.1)
		}
		if d.gray {
			counts["gray"]++
		}
		if e := d.erase; e != (rectangle{}) {
			counts["erase"]++
			height, width := e.bottom-e.top, e.right-e.left
			area, ratio := float64(height*width)/(h*w), float64(height)/float64(width)
			if e.top < 0 || e.left < 0 || e.bottom > h || e.right > w || area < 0.01 || area > 0.36 || ratio < 0.2 || ratio > 4.5 {
				t.Fatalf("rectangle %+v", e)
			}
		}
	}
	for name, p := range map[string]float64{"flip": 0.5, "distort": 0.8, "jitter": 0.8, "gray": 0.2, "erase": 0.25} {
		if got := counts[name] / n; math.Abs(got-p) > 4*math.Sqrt(p*(1-p)/n) {
			t.Errorf("%s: %g of all, want %g", name, got, p)
		}
	}
	for name, all := range values {
		const cells = 20
		var count [cells]float64
		for _, x := range all {
			if x < -1e-9 || x > 1+1e-9 {
				t.Fatalf("%s is out of bounds: %g of its range", name, x)
			}
			count[min(max(int(x*cells), 0), cells-1)]++
		}
		expected, chi := float64(len(all))/cells, 0.0
		for _, k := range count {
			chi += (k - expected) * (k - expected) / expected
		}
		if chi > 50.8 { // the quantile 0.9999 of 19 degrees of freedom
			t.Errorf("%s: chi-squared %.1f", name, chi)
		}
	}
	if len(values) != 9 || counts["moved"] < n {
		t.Errorf("%d kinds of values were drawn, want 9; %g of %d moves", len(values), counts["moved"], 2*n)
	}
}

// A crop of 4 pixels moves the window in 80 of 81 cases in which it happens (within 4 standard
// deviations).
func TestACropHappensAsOftenAsItShould(t *testing.T) {
	const n, p = 20000, 0.3 * 80 / 81
	v := distort.Views{Crop: distort.Window{Probability: 0.3, Pixels: 4}}
	r := rand.New(rand.NewPCG(7, 7))
	moved := 0.
	for range n {
		if d := draw(v, 32, 32, r); d.top != 0 || d.left != 0 {
			moved++
		}
	}
	if math.Abs(moved/n-p) > 4*math.Sqrt(p*(1-p)/n) {
		t.Errorf("%g of the windows moved, want %g", moved/n, p)
	}
}

// The draws of the two views are independent: the brightness of one does not predict that of the
// other (correlation within 4 / sqrt(n)).
func TestTheViewsAreIndependent(t *testing.T) {
	const n = 20000
	v := distort.Views{Jitter: distort.Jitter{Probability: 1, Brightness: 0.5}}
	r := rand.New(rand.NewPCG(6, 6))
	sum := 0.0
	for range n {
		a, b := draw(v, 32, 32, r).brightness-1, draw(v, 32, 32, r).brightness-1
		sum += a * b * 12 // in standard deviations: the range is 1 wide
	}
	if c := sum / n; math.Abs(c) > 4/math.Sqrt(n) {
		t.Errorf("correlation %g", c)
	}
}

func TestSettingsThatMakeNoSenseAreTold(t *testing.T) {
	f := feeder(t, noise(5, 28, 28, 1), 2, Options{})
	for says, change := range map[string]func(*distort.Views){
		"crop has 29 pixels":      func(v *distort.Views) { v.Crop.Pixels = 29 },
		"crop probability is -1":  func(v *distort.Views) { v.Crop.Probability = -1 },
		"flip probability is 2":   func(v *distort.Views) { v.Flip = 2 },
		"grayscale probability":   func(v *distort.Views) { v.Grayscale = math.NaN() },
		"hue is 0.6":              func(v *distort.Views) { v.Jitter.Hue = 0.6 },
		"contrast is -1":          func(v *distort.Views) { v.Jitter.Contrast = -1 },
		"scale is 0 to 0":         func(v *distort.Views) { v.Distort.Scale = [2]float64{} },
		"scale is 2 to 1":         func(v *distort.Views) { v.Distort.Scale = [2]float64{2, 1} },
		"erased area is 0.1 to 2": func(v *distort.Views) { v.Erase.Area = [2]float64{0.1, 2} },
		"shear is 90":             func(v *distort.Views) { v.Distort.Shear = 90 },
	} {
		v := distort.Default()
		change(&v)
		if _, err := f.Twins(v); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
	w := twins(t, f, distort.Default())
	for says, index := range map[string][]int32{"batch of 2": {1}, "a batch of 2": {}, "no picture 5": {0, 5}} {
		if _, _, _, err := w.Batch(index, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
	f.Close()
	if _, _, _, err := w.Batch([]int32{0, 1}, nil); err == nil {
		t.Error("a closed feeder feeds")
	}
}
