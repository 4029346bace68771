package fit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// weighted is a network of two arrays, one of them a vector; the gradient of both is the input.
var weighted = &block.Block{
	Name: "weighted", In: []shapes.Shape{block.Floats(7)}, Const: 1,
	Weights: []block.Weight{{Name: "w", Dims: []int{2, 2}, Fan: 2}, {Name: "b", Dims: []int{3}, Fan: 3}},
	Fn: func(_ *block.Ctx, in, w []*Node) []*Node {
		return []*Node{ReduceAllSum(Mul(in[0], Concatenate([]*Node{Reshape(w[0], 4), w[1]}, 0)))}
	},
}

// TestTheDevicesStepIsTheHosts compares weights and states after each step. The gradient is clipped
// in the first steps only, one param gets no gradient, and a checkpoint is loaded in between. The
// last gradient is not finite and changes nothing on either side.
func TestTheDevicesStepIsTheHosts(t *testing.T) {
	const n, steps = 7, 4
	e := block.NewEngine(backendtest.Open(t).Backend)
	labels := []string{"a", "b", "c"}
	for name, of := range map[string]func() Optimizer{
		"SGD":  func() Optimizer { return &SGD{Momentum: 0.9, WeightDecay: 0.1, Clip: 4, Engine: e} },
		"LARS": func() Optimizer { return &LARS{Momentum: 0.9, WeightDecay: 0.1, Trust: 0.02, Vectors: 0.3, Engine: e} },
		"Adam": func() Optimizer { return &Adams{Beta1: 0.5, Beta2: 0.999, WeightDecay: 0.1, Engine: e} },
	} {
		t.Run(name, func(t *testing.T) {
			run := func(step func(o Optimizer, params []*block.Param) (Later, error)) (norms []float64, states []State) {
				x := block.NewValue(nil)
				defer x.Set(nil)
				params := block.NewPlan(func(r block.Runner) {
					for _, l := range labels {
						r.Call(l, weighted, []*block.Value{x}, nil)
					}
				}).Params(3)
				o := of()
				defer func() { o.Close() }()
				tape := block.NewTape(e, params, block.Train, block.Joint)
				defer tape.Close()
				for i := range steps {
					r := rand.New(rand.NewPCG(1, uint64(i)))
					g := make([]float32, n)
					for j := range g {
						g[j] = float32(r.NormFloat64() * 3 / float64(i+1))
					}
					if i == steps-1 {
						g[3] = float32(math.Inf(1))
					}
					x.Set(tensors.FromFlatDataAndDimensions(g, n))
					for _, l := range labels[:2] { // c gets no gradient
						tape.Seed(tape.Call(l, weighted, []*block.Value{x}, nil)[0], 1)
					}
					if err := tape.Run(); err != nil {
						t.Fatal(err)
					}
					if err := tape.Backward(true); err != nil {
						t.Fatal(err)
					}
					norm, err := step(o, params)
					if err != nil {
						t.Fatal(err)
					}
					norms = append(norms, norm())
					s := State{Arrays: map[string]Array{}}
					SaveParams(s, params)
					o.Save(s, params)
					states = append(states, s)
					if i == 1 { // continues from the checkpoint
						o.Close()
						o = of()
						if err := o.Load(s, params); err != nil {
							t.Fatal(err)
						}
					}
				}
				return norms, states
			}
			wantNorms, want := run(func(o Optimizer, params []*block.Param) (Later, error) { return o.Step(params, 0.5) })
			gotNorms, got := run(func(o Optimizer, params []*block.Param) (Later, error) {
				return o.(interface {
					onDevice(params []*block.Param, lr float64) (Later, error)
				}).onDevice(params, 0.5)
			})
			for i := range want {
				last := i == steps-1
				if math.IsInf(wantNorms[i], 0) != last || math.IsInf(gotNorms[i], 0) != last || !last && math.Abs(gotNorms[i]/wantNorms[i]-1) > 1e-6 {
					t.Errorf("step %d: the norm is %g, on the host %g", i, gotNorms[i], wantNorms[i])
				}
				for name, a := range want[i].Arrays {
					if a.F32 != nil {
						golden.Close(t, fmt.Sprint("step ", i, ": ", name), got[i].Arrays[name].F32, a.F32, 1e-6)
					}
				}
			}
			if w := "weights/a"; slices.Equal(want[0].Arrays[w].F32, want[1].Arrays[w].F32) || !slices.Equal(got[steps-2].Arrays[w].F32, got[steps-1].Arrays[w].F32) {
				t.Error("the weights should change in the second step and not in the last")
			}
		})
	}
}
