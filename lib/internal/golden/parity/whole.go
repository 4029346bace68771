package parity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/internal/golden"
)

// This file has the helpers of tests of whole searches and trainings.

// Unpack cuts the arrays that make.py has packed: the array KIND becomes an array KIND/NAME for
// every array weight/NAME.
func Unpack(torch map[string]golden.Array, kinds ...string) {
	var names []string
	for name := range golden.Under(torch, "weight/") {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, kind := range kinds {
		rest := torch[kind].Data
		for _, name := range names {
			w := torch["weight/"+name]
			torch[kind+"/"+name] = golden.Array{Shape: w.Shape, Data: rest[:len(w.Data)]}
			rest = rest[len(w.Data):]
		}
	}
}

// Pictures returns the data set of draws.py: n random pictures [side, side, channels], whose labels
// count through the classes.
func Pictures(n, channels, side, classes int) *data.Set {
	set := &data.Set{Name: "pictures", Mean: slices.Repeat([]float32{0.5}, channels), Std: slices.Repeat([]float32{0.3}, channels)}
	set.Train = data.Images{N: n, Height: side, Width: side, Channels: channels}
	r := rand.NewPCG(1, 2)
	for range n * side * side * channels {
		set.Train.Pixels = append(set.Train.Pixels, uint8(r.Uint64()>>56))
	}
	for i := range n {
		set.Train.Labels = append(set.Train.Labels, uint8(i%classes))
	}
	for c := range classes {
		set.Classes = append(set.Classes, fmt.Sprint("class ", c))
	}
	return set
}

// Negative returns the set with the pictures at these indices inverted. Labels and halves stay the
// same.
func Negative(set *data.Set, index []int32) *data.Set {
	other := *set
	other.Train.Pixels = slices.Clone(set.Train.Pixels)
	for _, i := range index {
		for j, v := range other.Train.Picture(int(i)) {
			other.Train.Picture(int(i))[j] = 255 - v
		}
	}
	return &other
}

// Drawn augments a picture of one channel as a search and a training do, pixel by pixel: crop with
// a black border, flip, normalisation, cutout. The result is [height][width]. It draws numbers in
// the order that package augment documents.
func Drawn(set *data.Set, i int32, r interface{ Int32N(int32) int32 }, crop, cutout int) [][]float64 {
	im := set.Train
	top, left := int(r.Int32N(int32(2*crop+1)))-crop, int(r.Int32N(int32(2*crop+1)))-crop
	mirrored := r.Int32N(2) == 1
	row, column := 0, 0
	if cutout > 0 {
		row, column = int(r.Int32N(int32(im.Height))), int(r.Int32N(int32(im.Width)))
	}
	x := make([][]float64, im.Height)
	for h := range x {
		for w := range im.Width {
			from := w
			if mirrored {
				from = im.Width - 1 - w
			}
			v := 0.0
			if y, x := h+top, from+left; y >= 0 && y < im.Height && x >= 0 && x < im.Width {
				v = float64(im.Picture(int(i))[y*im.Width+x]) / 255
			}
			v = (v - float64(set.Mean[0])) / float64(set.Std[0])
			if h >= row-cutout/2 && h < row+cutout/2 && w >= column-cutout/2 && w < column+cutout/2 {
				v = 0
			}
			x[h] = append(x[h], v)
		}
	}
	return x
}

// Flat returns torch's arrays kind/NAME for a param, in the order and the layout of the param's
// weights.
func Flat(t testing.TB, p *block.Param, torch map[string]golden.Array, kind string) []float32 {
	t.Helper()
	return flat(t, p, torch, kind, Path(p.Label))
}

// CloseFlat compares numbers of a param, one for each element of its weights, with torch's arrays
// kind/NAME, weight by weight.
func CloseFlat(t testing.TB, what string, p *block.Param, got []float32, torch map[string]golden.Array, kind string, relative float64) {
	t.Helper()
	want := Flat(t, p, torch, kind)
	if len(got) != len(want) {
		t.Errorf("%s of %s: got %d values, want %d", what, p.Label, len(got), len(want))
		return
	}
	for _, w := range p.Weights {
		n := w.Size()
		golden.Close(t, fmt.Sprintf("%s of %s/%s", what, p.Label, w.Name), got[:n], want[:n], relative)
		got, want = got[n:], want[n:]
	}
}

// RunningStatistics returns torch's running statistics for a param: for each norm the means, then
// the variances.
func RunningStatistics(t testing.TB, p *block.Param, torch map[string]golden.Array) (all []float32) {
	t.Helper()
	for _, w := range p.Weights {
		if bn, is := strings.CutSuffix(Name(Path(p.Label), w.Name), "weight"); is && strings.HasSuffix(w.Name, ".gain") {
			all = append(all, find(t, torch, "running/"+bn+"running_mean").Data...)
			all = append(all, find(t, torch, "running/"+bn+"running_var").Data...)
		}
	}
	return all
}

// Metrics returns torch's metrics by name, with one number for each step or epoch.
func Metrics(torch map[string]golden.Array) map[string][]float32 {
	all := map[string][]float32{}
	for name, a := range golden.Under(torch, "metric/") {
		all[name] = a.Data
	}
	return all
}
