package multidevice

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/search"
	"github.com/essnas/essnas/lib/settings"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// rehearse is begin on the CPU's devices treated as GPUs.
func rehearse(t *testing.T, s settings.Search) *search.Search {
	t.Helper()
	task, err := search.New(backendtest.Rehearse(t, devices), sample(t), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(task.Close)
	return task
}

// TestAStepOnTwoGPUsIsThatOnOne: the devices hold weights, alphas and betas in the layout of GPUs,
// and sum the gradients. A search that is restored on two devices continues with the same bits.
func TestAStepOnTwoGPUsIsThatOnOne(t *testing.T) {
	one, two := rehearse(t, tiny(1)), rehearse(t, tiny(2))
	m1, m2 := steps(t, one, 0, 0, 1), steps(t, two, 0, 0, 1)
	for name := range m1 {
		golden.Close(t, name, []float32{float32(m2[name])}, []float32{float32(m1[name])}, 1e-3)
	}
	s1, half := state(t, one), state(t, two)
	for name, a := range s1.Arrays {
		if a.F32 != nil && name != "adam.m" && name != "adam.v" {
			// Adam divides by the gradient's size: its first step magnifies rounding
			golden.Close(t, name, half.Arrays[name].F32, a.F32, 1e-2)
		}
	}
	steps(t, two, 0, 1, 2)
	other := rehearse(t, tiny(2))
	if err := other.Restore(half); err != nil {
		t.Fatal(err)
	}
	steps(t, other, 0, 1, 2)
	if !reflect.DeepEqual(state(t, other), state(t, two)) {
		t.Error("the restored search ends with other bits")
	}
}

// TestOptimizersOnTwoGPUsAreThoseOnOne: each device has the gradient of its half of the batch.
func TestOptimizersOnTwoGPUsAreThoseOnOne(t *testing.T) {
	const n, batch = 6, 4
	weighted := func(batch int) *block.Block {
		return &block.Block{
			Name: "weighted", In: []shapes.Shape{block.Floats(n, batch)}, Const: 1,
			Weights: []block.Weight{{Name: "w", Dims: []int{2, 2}, Fan: 2}, {Name: "b", Dims: []int{2}, Fan: 2}},
			Fn: func(c *block.Ctx, in, w []*Node) []*Node {
				all := Concatenate([]*Node{Reshape(w[0], 4), w[1]}, 0)
				return []*Node{c.Total(ReduceAllSum(Mul(in[0], Reshape(all, n, 1))))}
			},
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	pixels := make([]float32, n*batch)
	for i := range pixels {
		pixels[i] = float32(r.NormFloat64())
	}
	for name, of := range map[string]func(e *block.Engine) fit.Optimizer{
		"SGD": func(e *block.Engine) fit.Optimizer {
			return &fit.SGD{Momentum: 0.9, WeightDecay: 0.1, Clip: 2, Engine: e}
		},
		"LARS": func(e *block.Engine) fit.Optimizer {
			return &fit.LARS{Momentum: 0.9, WeightDecay: 0.1, Trust: 0.02, Vectors: 0.3, Engine: e}
		},
		"Adam": func(e *block.Engine) fit.Optimizer {
			return &fit.Adams{Beta1: 0.9, Beta2: 0.999, WeightDecay: 0.1, Engine: e}
		},
	} {
		run := func(devices int) (norm float64, weights []float32) {
			e, err := block.DataParallel(backendtest.Rehearse(t, 2).Backend, devices)
			if err != nil {
				t.Fatal(err)
			}
			x := e.Split(tensors.FromFlatDataAndDimensions(pixels, n, batch), 1)
			b := weighted(batch / devices)
			params := block.NewPlan(func(r block.Runner) { r.Call("w", b, []*block.Value{x}, nil) }).Params(3)
			o := of(e)
			defer o.Close()
			for range 2 {
				tape := block.NewTape(e, params, block.Train, block.Joint)
				defer tape.Close()
				loss := tape.Call("w", b, []*block.Value{x}, nil)[0]
				if err := tape.Run(); err != nil {
					t.Fatal(err)
				}
				tape.Seed(loss, 1)
				if err := tape.Backward(true); err != nil {
					t.Fatal(err)
				}
				read, err := o.Step(params, 0.1)
				if err != nil {
					t.Fatal(err)
				}
				norm = read()
			}
			return norm, params[0].Value.Floats()
		}
		norm1, weights1 := run(1)
		norm2, weights2 := run(2)
		golden.Close(t, name+"'s norm", []float32{float32(norm2)}, []float32{float32(norm1)}, 1e-6)
		golden.Close(t, name+"'s weights", weights2, weights1, 1e-6)
	}
}
