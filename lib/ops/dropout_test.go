package ops

import (
	"math"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/gomlx/core/tensors"
)

// dropped applies the dropout of a skip connection to ones, with mixing weight 1.
func dropped(t *testing.T, e *block.Engine, rate float32, seed int32) []float32 {
	t.Helper()
	o := Operation{Name: "skip_connect", Channels: 8, Size: 8, Stride: 1}
	const batch = 16
	ones := make([]float32, 8*8*8*batch)
	for i := range ones {
		ones[i] = 1
	}
	vector := func(x float32) *block.Value {
		return block.NewValue(tensors.FromFlatDataAndDimensions([]float32{x}, 1))
	}
	tape := block.NewTape(e, nil, block.Train, block.None)
	defer tape.Close()
	y := tape.Call("", o.Dropped(batch), []*block.Value{
		block.NewValue(tensors.FromFlatDataAndDimensions(ones, 8, 8, 8, batch)), vector(1), vector(rate),
		block.NewValue(tensors.FromFlatDataAndDimensions([]int32{seed}, 1)),
	}, nil)[0].Hold()
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	return y.Floats()
}

func TestDropout(t *testing.T) {
	e := block.NewEngine(backendtest.Open(t).Backend)
	t.Run("at rate 0 nothing changes", func(t *testing.T) {
		for i, y := range dropped(t, e, 0, 1) {
			if y != 1 {
				t.Fatalf("value %d is %g", i, y)
			}
		}
	})
	for _, rate := range []float32{0.25, 0.4, 0.7} {
		y := dropped(t, e, rate, 7)
		zeros, sum := 0, 0.0
		for _, v := range y {
			if v == 0 {
				zeros++
			} else if math.Abs(float64(v)-1/(1-float64(rate))) > 1e-5 {
				t.Fatalf("rate %g: a kept value is %g, want 1/(1-rate)", rate, v)
			}
			sum += float64(v)
		}
		n := float64(len(y))
		sigma := math.Sqrt(float64(rate) * (1 - float64(rate)) / n)
		if got := float64(zeros) / n; math.Abs(got-float64(rate)) > 5*sigma {
			t.Errorf("rate %g: %g of the values are dropped", rate, got)
		}
		if mean := sum / n; math.Abs(mean-1) > 5*sigma/(1-float64(rate)) {
			t.Errorf("rate %g: the mean is %g, want 1", rate, mean)
		}
	}
	t.Run("another seed drops others", func(t *testing.T) {
		a, b := dropped(t, e, 0.5, 1), dropped(t, e, 0.5, 2)
		same := 0
		for i := range a {
			if (a[i] == 0) == (b[i] == 0) {
				same++
			}
		}
		n := float64(len(a))
		if math.Abs(float64(same)/n-0.5) > 5*0.5/math.Sqrt(n) {
			t.Errorf("%d of %d decisions are the same", same, len(a))
		}
	})
}
