package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/data"
)

func TestWithoutGeneratorPicturesAreOnlyNormalised(t *testing.T) {
	im := noise(20, 28, 28, 1)
	f := feeder(t, im, 4, Options{Crop: 4, Flip: true, Cutout: 16})
	index := []int32{3, 19, 0, 3}
	x, _ := run(t, f, index, nil)
	var draw []int32
	for _, i := range index {
		draw = append(draw, i, 0, 0, 0, 0, 0)
	}
	compare(t, im, Options{}, draw, x)
}

func TestTheSameGeneratorMakesTheSameBits(t *testing.T) {
	f := feeder(t, noise(100, 32, 32, 3), 16, Options{Crop: 4, Flip: true, Cutout: 16})
	index := make([]int32, 16)
	batch := func(seed uint64) []float32 {
		x, _ := run(t, f, index, rand.New(rand.NewPCG(seed, 0)))
		return x
	}
	first := batch(1)
	if !slices.Equal(first, batch(1)) {
		t.Error("one generator, two batches")
	}
	if slices.Equal(first, batch(2)) {
		t.Error("two generators, one batch")
	}
}

func TestSeveralGoroutinesMakeTheBatchesOfOne(t *testing.T) {
	f := feeder(t, noise(100, 28, 28, 1), 8, Options{Crop: 4, Flip: true})
	batch := func(i int) []float32 {
		x, _ := run(t, f, []int32{0, 1, 2, 3, 4, 5, 6, int32(i)}, rand.New(rand.NewPCG(uint64(i), 0)))
		return x
	}
	var together [8][]float32
	var all sync.WaitGroup
	for i := range together {
		all.Go(func() { together[i] = batch(i) })
	}
	all.Wait()
	for i, x := range together {
		if !slices.Equal(x, batch(i)) {
			t.Errorf("batch %d differs", i)
		}
	}
}

// Crops, flips and centres are uniform and independent: chi-squared over 90,000 draws stays below
// the 0.9999 quantile.
func TestDrawsAreUniform(t *testing.T) {
	const n, h, w = 90000, 32, 28
	o := Options{Crop: 4, Flip: true, Cutout: 16}
	d := o.draw(make([]int32, n), h, w, rand.New(rand.NewPCG(1, 1)))
	for _, test := range []struct {
		name  string
		cells int
		cell  func(v []int32) int32
	}{
		{"top", 9, func(v []int32) int32 { return v[top] }},
		{"left", 9, func(v []int32) int32 { return v[left] }},
		{"flip", 2, func(v []int32) int32 { return v[flip] }},
		{"row", h, func(v []int32) int32 { return v[row] }},
		{"column", w, func(v []int32) int32 { return v[column] }},
		{"top and left", 81, func(v []int32) int32 { return v[top]*9 + v[left] }},
		{"left and flip", 18, func(v []int32) int32 { return v[left]*2 + v[flip] }},
		{"row and column", h * w, func(v []int32) int32 { return v[row]*w + v[column] }},
	} {
		counts := make([]float64, test.cells)
		for i := range n {
			c := test.cell(d[i*columns:][:columns])
			if c < 0 || int(c) >= test.cells {
				t.Fatalf("%s: %d is out of range", test.name, c)
			}
			counts[c]++
		}
		expected, chi := float64(n)/float64(test.cells), 0.0
		for _, k := range counts {
			chi += (k - expected) * (k - expected) / expected
		}
		// Wilson and Hilferty's approximation of the quantile; 3.72 is the quantile of the normal
		// distribution.
		f := float64(test.cells - 1)
		if limit := f * math.Pow(1-2/(9*f)+3.72*math.Sqrt(2/(9*f)), 3); chi > limit {
			t.Errorf("%s: chi-squared %.1f with %g degrees of freedom, more than %.1f", test.name, chi, f, limit)
		}
	}
}

// A centre on the border leaves a quarter of the square: 8 of 16 rows and columns.
func TestCutoutIsClippedAtTheBorder(t *testing.T) {
	im := noise(1, 32, 32, 3)
	f := feeder(t, im, 64, Options{Cutout: 16})
	x, _ := run(t, f, make([]int32, 64), rand.New(rand.NewPCG(9, 9)))
	draw := f.options.draw(make([]int32, 64), 32, 32, rand.New(rand.NewPCG(9, 9)))
	for b := range 64 {
		rows := min(32, draw[b*columns+row]+8) - max(0, draw[b*columns+row]-8)
		cols := min(32, draw[b*columns+column]+8) - max(0, draw[b*columns+column]-8)
		zeros := int32(0)
		for p := range 32 * 32 {
			if x[p*64+b] == 0 {
				zeros++
			}
		}
		if zeros != rows*cols || rows < 8 || cols < 8 {
			t.Fatalf("picture %d: %d zeros, want %d x %d", b, zeros, rows, cols)
		}
	}
}

func TestAnEpochSeesEveryPictureOnce(t *testing.T) {
	index := []int32{5, 8, 13, 21, 34, 55, 89, 144}
	before := slices.Clone(index)
	first := EpochOrder(index, 1, 0)
	if !slices.Equal(index, before) {
		t.Error("the caller's slice was shuffled")
	}
	if !slices.Equal(first, EpochOrder(index, 1, 0)) {
		t.Error("the order depends on more than its arguments")
	}
	for name, other := range map[string][]int32{"epoch": EpochOrder(index, 1, 1), "seed": EpochOrder(index, 2, 0)} {
		if slices.Equal(first, other) {
			t.Errorf("another %s, the same order", name)
		}
		slices.Sort(other)
		if !slices.Equal(other, before) {
			t.Errorf("another %s: %v are not the pictures", name, other)
		}
	}
	// These numbers are frozen: an interrupted run continues with a later version of the program.
	if want := []int32{34, 5, 55, 8, 13, 21, 144, 89}; !slices.Equal(first, want) {
		t.Errorf("order %v, once %v", first, want)
	}
}

func TestWrongCallsAreTold(t *testing.T) {
	b, im := backendtest.Open(t).Backend, noise(5, 28, 28, 1)
	short := im
	short.Pixels = short.Pixels[1:]
	for says, make := range map[string]func() (*Feeder, error){
		"load the data set again": func() (*Feeder, error) { return NewFeeder(b, short, means[:1], stds[:1], 2, Options{}) },
		"0 pictures":              func() (*Feeder, error) { return NewFeeder(b, data.Images{}, nil, nil, 2, Options{}) },
		"one for each channel":    func() (*Feeder, error) { return NewFeeder(b, im, means, stds, 2, Options{}) },
		"batch is 0":              func() (*Feeder, error) { return NewFeeder(b, im, means[:1], stds[:1], 0, Options{}) },
		"crop is 29":              func() (*Feeder, error) { return NewFeeder(b, im, means[:1], stds[:1], 2, Options{Crop: 29}) },
		"crop is -1":              func() (*Feeder, error) { return NewFeeder(b, im, means[:1], stds[:1], 2, Options{Crop: -1}) },
		"cutout is 3":             func() (*Feeder, error) { return NewFeeder(b, im, means[:1], stds[:1], 2, Options{Cutout: 3}) },
	} {
		if _, err := make(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
	f := feeder(t, im, 2, Options{})
	for says, index := range map[string][]int32{"batch of 2": {1}, "no picture 5": {0, 5}, "no picture -1": {-1, 0}} {
		if _, _, err := f.Batch(index, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
	f.Close()
	f.Close()
	if _, _, err := f.Batch([]int32{0, 1}, nil); err == nil {
		t.Error("a closed feeder feeds")
	}
}
