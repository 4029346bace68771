package fit

import (
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

// dot is a block whose gradient with respect to its weights is its input.
func dot(n int) *block.Block {
	return &block.Block{
		Name: "dot", In: []shapes.Shape{block.Floats(n)}, Const: 1,
		Weights: []block.Weight{{Name: "w", Dims: []int{n}, Fan: n}},
		Fn: func(c *block.Ctx, in, w []*Node) []*Node {
			return []*Node{ReduceAllSum(c.Site(in[0], func(x *Node) *Node { return Mul(x, w[0]) }))}
		},
	}
}

// TestTheDevicesStepIsTheHosts: weights and velocities after every one of some steps, with a clip that bites in the first ones only, a param that gets no
// gradient, and a checkpoint in between; a gradient that isn't finite changes nothing in both.
func TestTheDevicesStepIsTheHosts(t *testing.T) {
	const n, steps = 7, 4
	e := block.NewEngine(backendtest.Open(t).Backend)
	labels := []string{"a", "b", "c"}
	run := func(step func(o *SGD, params []*block.Param) float64) (norms []float64, states []State) {
		x := block.NewValue(nil)
		defer x.Set(nil)
		params := block.NewPlan(func(r block.Runner) {
			for _, l := range labels {
				r.Call(l, dot(n), []*block.Value{x}, nil)
			}
		}).Params(3)
		o := &SGD{Momentum: 0.9, WeightDecay: 0.1, Clip: 4, Engine: e}
		defer func() { o.Close() }()
		tape := block.NewTape(e, params, block.Train, block.Joint)
		defer tape.Close()
		for i := range steps {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			g := make([]float32, n)
			for j := range g {
				g[j] = float32(r.NormFloat64() * 3 / float64(i+1))
			}
			if i == 2 {
				g[3] = float32(math.Inf(1))
			}
			x.Set(tensors.FromFlatDataAndDimensions(g, n))
			for _, l := range labels[:2] { // c gets no gradient
				tape.Seed(tape.Call(l, dot(n), []*block.Value{x}, nil)[0], 1)
			}
			if err := tape.Run(); err != nil {
				t.Fatal(err)
			}
			if err := tape.Backward(true); err != nil {
				t.Fatal(err)
			}
			norms = append(norms, step(o, params))
			s := State{Arrays: map[string]Array{}}
			SaveParams(s, params)
			o.Save(s, params)
			states = append(states, s)
			if i == 0 { // goes on from the checkpoint
				o.Close()
				o = &SGD{Momentum: 0.9, WeightDecay: 0.1, Clip: 4, Engine: e}
				if err := o.Load(s, params); err != nil {
					t.Fatal(err)
				}
			}
		}
		return norms, states
	}
	wantNorms, want := run(func(o *SGD, params []*block.Param) float64 { return o.onHost(params, 0.5) })
	gotNorms, got := run(func(o *SGD, params []*block.Param) float64 {
		norm, err := o.onDevice(params, 0.5)
		if err != nil {
			t.Fatal(err)
		}
		return norm
	})
	for i := range want {
		if math.IsInf(wantNorms[i], 0) != (i == 2) || math.IsInf(gotNorms[i], 0) != (i == 2) || i != 2 && math.Abs(gotNorms[i]/wantNorms[i]-1) > 1e-6 {
			t.Errorf("step %d: the norm is %g, on the host %g", i, gotNorms[i], wantNorms[i])
		}
		for name, a := range want[i].Arrays {
			golden.Close(t, name, got[i].Arrays[name].F32, a.F32, 1e-6)
		}
	}
	if w := "weights/a"; slices.Equal(want[0].Arrays[w].F32, want[1].Arrays[w].F32) || !slices.Equal(want[1].Arrays[w].F32, want[2].Arrays[w].F32) {
		t.Error("the weights should change in the second step and not in the third")
	}
}
