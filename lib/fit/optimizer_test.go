package fit

import (
	"math"
	"testing"
)

func TestAdam(t *testing.T) {
	t.Run("the first step is the learning rate, for gradients of any size", func(t *testing.T) {
		for _, g := range []float32{1e-3, 1, 1e3} {
			o := Adam{Beta1: 0.5, Beta2: 0.999}
			w := []float32{1}
			o.Step(w, []float32{g}, 0.01)
			if math.Abs(float64(w[0])-0.99) > 1e-6 {
				t.Errorf("gradient %g: w = %g, want 0.99", g, w[0])
			}
		}
	})
	t.Run("the penalty pulls towards zero without a gradient", func(t *testing.T) {
		o := Adam{Beta1: 0.5, Beta2: 0.999, WeightDecay: 1e-3}
		w := []float32{2, -2}
		o.Step(w, []float32{0, 0}, 0.1)
		if w[0] >= 2 || w[1] <= -2 {
			t.Errorf("w = %v", w)
		}
	})
}

func TestCosine(t *testing.T) {
	for _, c := range []struct {
		epoch int
		want  float64
	}{{0, 0.1}, {25, 0.051}, {50, 0.002}} {
		if got := Cosine(0.1, 0.002, c.epoch, 50); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("epoch %d: %g, want %g", c.epoch, got, c.want)
		}
	}
}

func TestRandomDependsOnSeedStreamEpochAndStepAlone(t *testing.T) {
	first := Random(1, "a", 2, 3).Uint64()
	if Random(1, "a", 2, 3).Uint64() != first {
		t.Error("the same step draws other numbers")
	}
	for name, other := range map[string]uint64{
		"seed": Random(2, "a", 2, 3).Uint64(), "stream": Random(1, "b", 2, 3).Uint64(),
		"epoch": Random(1, "a", 3, 3).Uint64(), "step": Random(1, "a", 2, 4).Uint64(), "swapped": Random(1, "a", 3, 2).Uint64(),
	} {
		if other == first {
			t.Errorf("another %s draws the same numbers", name)
		}
	}
}
