package fit

import (
	"math"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestBalancedClassesCountAlike(t *testing.T) {
	if got, want := Balanced([]int{6, 2, 0, 4}), []float32{12.0 / 18, 2, 0, 1}; !slices.Equal(got, want) {
		t.Errorf("weights are %v, want %v", got, want)
	}
}

// TestWeightsOfClassesAreTheirShareOfTheLoss compares loss and gradient with the formulas -sum w[y]
// log p[y] / sum w[y] and (p - onehot) w[y] / sum w[y].
func TestWeightsOfClassesAreTheirShareOfTheLoss(t *testing.T) {
	const classes, batch = 3, 4
	logits := []float32{1, -2, 0.5, 3, 0, 1, -1, 0.25, 2, 0.5, 0, -3} // [classes, batch]
	labels, weights := []int32{0, 2, 1, 2}, []float32{0.5, 3, 1.25}
	var loss, total float64
	gradient := make([]float32, classes*batch)
	for i, y := range labels {
		sum := 0.0
		for k := range classes {
			sum += math.Exp(float64(logits[k*batch+i]))
		}
		w := float64(weights[y])
		loss += w * (math.Log(sum) - float64(logits[int(y)*batch+i]))
		total += w
		for k := range classes {
			g := math.Exp(float64(logits[k*batch+i])) / sum
			if k == int(y) {
				g--
			}
			gradient[k*batch+i] = float32(w * g)
		}
	}
	for i := range gradient {
		gradient[i] /= float32(total)
	}
	tape := block.NewTape(block.NewEngine(backendtest.Open(t).Backend), nil, block.Train, block.Joint)
	defer tape.Close()
	x := block.NewValue(tensors.FromFlatDataAndDimensions(logits, classes, batch))
	y := block.NewValue(tensors.FromFlatDataAndDimensions(labels, batch))
	out := tape.Call("", WeightedCrossEntropy(weights, batch), []*block.Value{x, y}, nil)[0]
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	golden.Close(t, "loss", out.Floats(), []float32{float32(loss / total)}, 1e-6)
	tape.Seed(out, 1)
	if err := tape.Backward(true); err != nil {
		t.Fatal(err)
	}
	golden.Close(t, "gradient", x.Gradient(), gradient, 1e-6)
}
