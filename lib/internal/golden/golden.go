package golden

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"path"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/internal/safetensors"
)

//go:embed testdata/*.safetensors testdata/counts.json
var testdata embed.FS

// Array is a dense row-major array. A scalar has an empty Shape.
type Array struct {
	Shape []int
	Data  []float32
}

// Read returns the arrays of a golden file by name, e.g. Read(t, "ops"). The map is the caller's
// own.
func Read(t testing.TB, name string) map[string]Array {
	t.Helper()
	raw, err := testdata.ReadFile(path.Join("testdata", name+".safetensors"))
	if err != nil {
		t.Fatalf("there is no golden file %q: %v", name, err)
	}
	arrays, err := decode(raw)
	if err != nil {
		t.Fatalf("golden file %q: %v; make it again with make.py", name, err)
	}
	return arrays
}

// decode reads a golden file, whose arrays are all float32.
func decode(raw []byte) (map[string]Array, error) {
	read, _, err := safetensors.Decode(raw)
	if err != nil {
		return nil, err
	}
	arrays := make(map[string]Array, len(read))
	for name, a := range read {
		if a.I64 != nil {
			return nil, fmt.Errorf("%s is not float32", name)
		}
		arrays[name] = Array{Shape: a.Shape, Data: a.F32}
	}
	return arrays, nil
}

// Under returns the arrays whose names start with prefix, without it.
func Under(arrays map[string]Array, prefix string) map[string]Array {
	under := map[string]Array{}
	for name, a := range arrays {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			under[rest] = a
		}
	}
	return under
}

// Transpose permutes the axes: axis i of the result is axis axes[i] of a. Transpose(1, 2, 3, 0)
// turns NCHW into CHWN. It panics if the number of axes is wrong.
func (a Array) Transpose(axes ...int) Array {
	if len(axes) != len(a.Shape) {
		panic(fmt.Sprintf("golden: %d axes for an array of shape %v", len(axes), a.Shape))
	}
	strides := make([]int, len(a.Shape))
	for i, stride := len(a.Shape)-1, 1; i >= 0; i-- {
		strides[i] = stride
		stride *= a.Shape[i]
	}
	b := Array{Shape: make([]int, len(axes)), Data: make([]float32, 0, len(a.Data))}
	for i, axis := range axes {
		b.Shape[i] = a.Shape[axis]
	}
	var walk func(axis, offset int)
	walk = func(axis, offset int) {
		if axis == len(axes) {
			b.Data = append(b.Data, a.Data[offset])
			return
		}
		for range b.Shape[axis] {
			walk(axis+1, offset)
			offset += strides[axes[axis]]
		}
	}
	walk(0, 0)
	return b
}

// Deviation returns the largest |got-want| divided by the largest |want|, and its index. The scale
// is that of the whole array, because the rounding of a sum is as large as its largest terms. NaN
// and infinity in got deviate infinitely.
func Deviation(got, want []float32) (deviation float64, index int) {
	scale := 0.0
	for _, w := range want {
		scale = max(scale, math.Abs(float64(w)))
	}
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) {
			return math.Inf(1), i
		}
		if d > deviation {
			deviation, index = d, i
		}
	}
	if scale > 0 {
		deviation /= scale
	}
	return deviation, index
}

// Close fails the test if got deviates from want by more than relative (see [Deviation]).
func Close(t testing.TB, what string, got, want []float32, relative float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %d values, want %d", what, len(got), len(want))
		return
	}
	if d, i := Deviation(got, want); d > relative {
		t.Errorf("%s: deviates by %.2g of the largest value, at most %.2g is allowed; worst at index %d of %d: got %g, want %g",
			what, d, relative, i, len(want), got[i], want[i])
	}
}

// Count is a row of counts.json: the sizes of a found network or (Supernet not empty) of a search
// network.
type Count struct {
	Genotype, Supernet          string
	Stem                        string // "" for CIFAR's
	K, Channels, Cells, Classes int
	Size, Inputs                int // side and channels of an image
	Weights                     int // without the auxiliary tower
	WeightsWithAuxiliary        int `json:"weights_with_auxiliary"` // found networks only
	// of convolutions and linear layers, for one image in evaluation
	MACs int
}

// Counts returns the rows of counts.json.
func Counts(t testing.TB) []Count {
	t.Helper()
	raw, err := testdata.ReadFile("testdata/counts.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []Count
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatalf("counts.json: %v; make it again with make.py", err)
	}
	return rows
}
