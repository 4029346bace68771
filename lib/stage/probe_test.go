package stage

import (
	"math"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/run"
)

// at is a feature of length 1 in this direction.
func at(degrees float64) []float32 {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return []float32{float32(cos), float32(sin)}
}

// Validation and test images lie at the same place and have opposite labels: whichever candidate is
// right about the one kind is wrong about the other. So the chosen one, right about validation
// images, tells who chose; and the labels of training images, who taught.
func TestTrainingImagesTeachValidationImagesChooseAndTestImagesAreMeasured(t *testing.T) {
	b := backendtest.Open(t)
	// Nearest to direction 0 there is a row of class 0, and then three of class 1.
	bank, teach := [][]float32{at(0), at(5), at(-5), at(6), at(90), at(91)}, []uint8{0, 1, 1, 1, 0, 1}
	for _, c := range []struct {
		label   uint8
		setting string
	}{{0, "k 1, temperature 1"}, {1, "k 4, temperature 1"}} {
		features := [3][][]float32{bank, {at(0), at(0)}, {at(0), at(0), at(0)}}
		labels := [3][]uint8{teach, {c.label, c.label}, {1 - c.label, 1 - c.label, 1 - c.label}}
		row, err := knn(t.Context(), b, features, labels, 2, run.Candidates{K: []int{1, 4}, Temperature: []float64{1}})
		if err != nil || row.Setting != c.setting || row.Validation != 1 || row.Test != 0 {
			t.Errorf("validation images of class %d choose %q, of which %g of them are right and %g of the test images (%v), want %q, all and none",
				c.label, row.Setting, row.Validation, row.Test, err, c.setting)
		}
	}
	// A strong penalty leaves the bias alone, and so the more frequent class 0; without one the
	// sign tells the class.
	var x [][]float32
	var y []uint8
	for i := range 50 {
		if i%5 < 3 {
			x, y = append(x, []float32{1}), append(y, 0)
		} else {
			x, y = append(x, []float32{-1}), append(y, 1)
		}
	}
	for _, c := range []struct {
		label   uint8
		setting string
	}{{0, "l2 1000"}, {1, "l2 0.001"}} {
		features := [3][][]float32{x, {{-1}, {-1}}, {{-1}, {-1}, {-1}}}
		labels := [3][]uint8{y, {c.label, c.label}, {1 - c.label, 1 - c.label, 1 - c.label}}
		row, err := linear(t.Context(), features, labels, 2, run.Candidates{L2: []float64{1000, 1e-3}})
		if err != nil || row.Setting != c.setting || row.Validation != 1 || row.Test != 0 {
			t.Errorf("validation images of class %d choose %q, of which %g of them are right and %g of the test images (%v), want %q, all and none",
				c.label, row.Setting, row.Validation, row.Test, err, c.setting)
		}
	}
}
