package barlow

import (
	"math"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestTheProjectorIsTorchs compares embeddings and the gradients of features and weights with
// PyTorch. There are three linear layers without bias; norm with gain and bias and ReLU follow the
// first two.
func TestTheProjectorIsTorchs(t *testing.T) {
	torch := golden.Read(t, "projector")
	here := func(label string) string { return label }
	x := parity.Value(torch["x"].Transpose(1, 0))
	b := Projector(7, []int{6, 5, 4}, 16)
	call := func(r block.Runner) []*block.Value { return r.Call("projector", b, []*block.Value{x}, nil) }
	params := block.NewPlan(func(r block.Runner) { call(r) }).Params(1)
	own := map[string]golden.Array{}
	for _, kind := range []string{"weight/", "gradient/"} {
		for name, a := range golden.Under(torch, kind) {
			own[kind+"projector."+name] = a
		}
	}
	parity.Load(t, params, own, here)
	var y []*block.Value
	parity.Train(t, block.NewEngine(backendtest.Open(t).Backend), params, block.Separate, func(r block.Runner) *block.Value {
		y = call(r)
		return parity.Against(r, y, []golden.Array{torch["v"].Transpose(1, 0)})
	}, func() {
		golden.Close(t, "embeddings", y[0].Floats(), torch["y"].Transpose(1, 0).Data, parity.Tolerance)
	})
	golden.Close(t, "gradient of the features", x.Gradient(), torch["gradient/x"].Transpose(1, 0).Data, parity.Tolerance)
	parity.Gradients(t, params, own, here)
}

// A norm turns one number per image, alternating, into 1 and -1. A ReLU removes the negative ones.
func TestOnlyWhatIsPositiveGetsPastAHiddenLayer(t *testing.T) {
	b := Projector(1, []int{1, 1}, 4)
	x := block.NewValue(tensors.FromFlatDataAndDimensions([]float32{5, -5, 5, -5}, 1, 4))
	call := func(r block.Runner) *block.Value { return r.Call("projector", b, []*block.Value{x}, nil)[0] }
	params := block.NewPlan(func(r block.Runner) { call(r) }).Params(1)
	// linear, gain, bias, linear
	params[0].Update(func(w, _ []float32) { copy(w, []float32{1, 1, 0, -3}) })
	tape := block.NewTape(block.NewEngine(backendtest.Open(t).Backend), params, block.Train, block.None)
	defer tape.Close()
	y := call(tape).Hold()
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{-3, 0, -3, 0} {
		if got := float64(y.Floats()[i]); math.Abs(got-want) > 1e-4 {
			t.Errorf("embedding %d is %g, want %g", i, got, want)
		}
	}
}
