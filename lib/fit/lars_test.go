package fit

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/janpfeifer/must"
)

// pair is a network of a matrix w [3, 4] and a vector b [5]. Its loss is their product with the
// input, which is thus their gradient.
var pair = &block.Block{
	Name:    "product",
	In:      []shapes.Shape{block.Floats(17)},
	Const:   1,
	Weights: []block.Weight{{Name: "w", Dims: []int{3, 4}}, {Name: "b", Dims: []int{5}}},
	Fn: func(_ *block.Ctx, in, w []*Node) []*Node {
		return []*Node{ReduceAllSum(Mul(in[0], Concatenate([]*Node{Reshape(w[0], 12), w[1]}, 0)))}
	},
}

// torch is the content of testdata/optimizers.json, which optimizers.py describes.
type torch struct {
	LARS, SGD, Adam struct {
		Start     [2][]float32
		Gradients [][2][]float32
		Weights   [][2][]float32
	}
	Schedule []float64
}

func readTorch(t *testing.T) (want torch) {
	must.M(json.Unmarshal(must.M1(os.ReadFile("testdata/optimizers.json")), &want))
	return
}

// Weights agree to 1e-6 after each of four steps. The last two steps use an optimizer that was
// loaded from a checkpoint.
func TestOptimizersAreTorchs(t *testing.T) {
	want := readTorch(t)
	e := block.NewEngine(backendtest.Open(t).Backend)
	for _, c := range []struct {
		name  string
		of    func() Optimizer
		steps []([2][]float32)
		start [2][]float32
		want  []([2][]float32)
	}{
		{"LARS", func() Optimizer { return &LARS{Momentum: 0.9, WeightDecay: 1e-2, Trust: 0.001, Vectors: 0.024} }, want.LARS.Gradients, want.LARS.Start, want.LARS.Weights},
		{"SGD", func() Optimizer { return &SGD{Momentum: 0.9, WeightDecay: 1e-2, Clip: 1e9} }, want.SGD.Gradients, want.SGD.Start, want.SGD.Weights},
		{"Adam", func() Optimizer { return &Adams{Beta1: 0.9, Beta2: 0.999, WeightDecay: 1e-2} }, want.Adam.Gradients, want.Adam.Start, want.Adam.Weights},
	} {
		t.Run(c.name, func(t *testing.T) {
			params := block.NewPlan(func(r block.Runner) { r.Call("pair", pair, []*block.Value{{}}, nil) }).Params(1)
			params[0].Update(func(w, _ []float32) { copy(w, slices.Concat(c.start[0], c.start[1])) })
			tape := block.NewTape(e, params, block.Train, block.Joint)
			defer tape.Close()
			o := c.of()
			for i, g := range c.steps {
				flat := slices.Concat(g[0], g[1])
				x := block.NewValue(tensors.FromFlatDataAndDimensions(flat, len(flat)))
				loss := tape.Call("pair", pair, []*block.Value{x}, nil)[0]
				must.M(tape.Run())
				tape.Seed(loss, 1)
				must.M(tape.Backward(true))
				sum := 0.0
				for _, x := range flat {
					sum += float64(x) * float64(x)
				}
				if norm := must.M1(o.Step(params, 0.2))(); math.Abs(norm-math.Sqrt(sum)) > 1e-5 {
					t.Errorf("step %d: the gradient's norm is %g, want %g", i, norm, math.Sqrt(sum))
				}
				for j, w := range slices.Concat(c.want[i][0], c.want[i][1]) {
					if got := params[0].Value.Floats()[j]; math.Abs(float64(got-w)) > 1e-6 {
						t.Errorf("step %d: weight %d is %g, want %g", i, j, got, w)
					}
				}
				if i == 1 {
					s := State{Arrays: map[string]Array{}}
					o.Save(s, params)
					o = c.of()
					must.M(o.Load(s, params))
				}
			}
		})
	}
}

func TestTheScheduleIsBarlowTwins(t *testing.T) {
	for step, want := range readTorch(t).Schedule {
		if got := WarmUp(0.2, 0.2*0.001, step, 30, 100); math.Abs(got-want) > 1e-12 {
			t.Errorf("step %d: %g, want %g", step, got, want)
		}
	}
}

func TestAGradientThatIsNotFiniteUpdatesNothing(t *testing.T) {
	e := block.NewEngine(backendtest.Open(t).Backend)
	for name, o := range map[string]Optimizer{"LARS": &LARS{Trust: 1}, "SGD": &SGD{Clip: 1}, "Adam": &Adams{}} {
		params := block.NewPlan(func(r block.Runner) { r.Call("pair", pair, []*block.Value{{}}, nil) }).Params(1)
		before := params[0].Value.Floats()
		tape := block.NewTape(e, params, block.Train, block.Joint)
		x := make([]float32, 17)
		x[3] = float32(math.Inf(1))
		loss := tape.Call("pair", pair, []*block.Value{block.NewValue(tensors.FromFlatDataAndDimensions(x, 17))}, nil)[0]
		must.M(tape.Run())
		tape.Seed(loss, 1)
		must.M(tape.Backward(true))
		if norm := must.M1(o.Step(params, 0.1))(); !math.IsInf(norm, 1) && !math.IsNaN(norm) {
			t.Errorf("%s: the norm is %g", name, norm)
		}
		if !slices.Equal(before, params[0].Value.Floats()) {
			t.Errorf("%s: weights changed", name)
		}
		tape.Close()
	}
}
