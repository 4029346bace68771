package block_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// layer is gain * tanh(w leaky(x) + b), with one site, one saved value and one kept value.
func layer(in, out, batch int) *block.Block {
	return &block.Block{
		Name: fmt.Sprintf("test layer %d->%d b%d", in, out, batch),
		In:   []shapes.Shape{block.Floats(in, batch), block.Floats(1)},
		Weights: []block.Weight{
			{Name: "w", Dims: []int{out, in}, Fan: in, Positions: 1},
			{Name: "b", Dims: []int{out}, Fill: 0.5},
		},
		Fn: func(c *block.Ctx, in, w []*Node) []*Node {
			x := StopGradient(in[0])
			slope := c.Keep(Where(GreaterThan(x, ZerosLike(x)), OnesLike(x), MulScalar(OnesLike(x), 0.1)))
			y := c.SaveForBackward(c.Site(Mul(in[0], slope), func(x *Node) *Node {
				return Add(DotGeneral(w[0], []int{1}, nil, x, []int{0}, nil), Reshape(w[1], -1, 1))
			}))
			return []*Node{Mul(Tanh(y), Reshape(in[1]))}
		},
	}
}

func squares(n, batch int) *block.Block {
	return &block.Block{
		Name: fmt.Sprintf("test squares %d b%d", n, batch),
		In:   []shapes.Shape{block.Floats(n, batch)},
		Fn:   func(_ *block.Ctx, in, _ []*Node) []*Node { return []*Node{ReduceAllSum(Square(in[0]))} },
	}
}

const batch = 3

// network has a diamond, two calls that share weights, and sums of two outputs.
func network(r block.Runner, x, gain *block.Value) *block.Value {
	a := r.Call("a", layer(4, 5, batch), []*block.Value{x, gain}, nil)
	sum := block.Sums(1)
	r.Call("b", layer(5, 5, batch), []*block.Value{a[0], gain}, sum)
	r.Call("c", layer(4, 5, batch), []*block.Value{x, gain}, sum)
	d := r.Call("b", layer(5, 5, batch), []*block.Value{sum[0], gain}, nil)
	return r.Call("", squares(5, batch), d, nil)[0]
}

func array(r *rand.Rand, dims ...int) *block.Value {
	n := 1
	for _, d := range dims {
		n *= d
	}
	f := make([]float32, n)
	for i := range f {
		f[i] = float32(r.NormFloat64())
	}
	return block.NewValue(tensors.FromFlatDataAndDimensions(f, dims...))
}

// gradients runs net forward and backward, and returns the loss and the gradients of x, gain and
// all weights.
func gradients(t *testing.T, e *block.Engine, net func(r block.Runner, x, gain *block.Value) *block.Value, back block.Backward, weights bool) (loss float32, grads [][]float32) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	x, gain := array(r, 4, batch), array(r, 1)
	params := block.NewPlan(func(r block.Runner) { net(r, x, gain) }).Params(7)
	tape := block.NewTape(e, params, block.Train, back)
	defer tape.Close()
	v := net(tape, x, gain)
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	loss = v.Floats()[0]
	tape.Seed(v, 1)
	if err := tape.Backward(weights); err != nil {
		t.Fatal(err)
	}
	grads = [][]float32{x.Gradient(), gain.Gradient()}
	for _, p := range params {
		grads = append(grads, p.Value.Gradient())
	}
	return loss, grads
}

func close(a, b []float32, tolerance float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Abs(float64(a[i]-b[i])) > tolerance*(1+math.Abs(float64(b[i]))) {
			return false
		}
	}
	return true
}

func flat(g [][]float32) (all []float32) {
	for _, x := range g {
		all = append(all, x...)
	}
	return
}

func TestTape(t *testing.T) {
	e := block.NewEngine(backendtest.Open(t).Backend)
	loss, want := gradients(t, e, network, block.Joint, true)

	t.Run("two backward executables give the gradient of one", func(t *testing.T) {
		l, got := gradients(t, e, network, block.Separate, true)
		if l != loss || !close(flat(got), flat(want), 1e-6) {
			t.Errorf("separate: %v %v, joint: %v %v", l, got, loss, want)
		}
	})
	t.Run("without weights the inputs' gradients are the same and the weights get none", func(t *testing.T) {
		_, got := gradients(t, e, network, block.Separate, false)
		if !close(flat(got[:2]), flat(want[:2]), 1e-6) || len(flat(got[2:])) != 0 {
			t.Errorf("got %v, want %v", got, want[:2])
		}
	})
	t.Run("fused into one graph, a network computes the same", func(t *testing.T) {
		in := []shapes.Shape{block.Floats(4, batch), block.Floats(1)}
		whole := block.Fuse("test whole", in, 0, func(r block.Runner, v []*block.Value) []*block.Value {
			return []*block.Value{network(r, v[0], v[1])}
		})
		fused := func(r block.Runner, x, gain *block.Value) *block.Value {
			return r.Call("whole", whole, []*block.Value{x, gain}, nil)[0]
		}
		// the fused call draws other initial weights, so both get the same ones
		for _, back := range []block.Backward{block.Joint, block.Separate} {
			l, got := sameWeights(t, e, fused, back)
			if math.Abs(float64(l-loss)) > 1e-5*float64(loss) || !close(flat(got), flat(want), 1e-5) {
				t.Errorf("%v: fused: %v %v, tape: %v %v", back, l, got, loss, want)
			}
		}
	})
	t.Run("the number of lanes doesn't change a bit", func(t *testing.T) {
		for lanes := range 4 {
			e.Lanes = lanes + 1
			if l, got := gradients(t, e, network, block.Joint, true); l != loss || !close(flat(got), flat(want), 0) {
				t.Errorf("%d lanes: %v %v, want %v %v", lanes+1, l, got, loss, want)
			}
		}
	})
	t.Run("gradients are the slopes of the loss", func(t *testing.T) {
		slopes(t, e, flat(want[:1]))
	})
}

// sameWeights runs the fused network with the weights that the network's own calls draw.
func sameWeights(t *testing.T, e *block.Engine, fused func(r block.Runner, x, gain *block.Value) *block.Value, back block.Backward) (float32, [][]float32) {
	r := rand.New(rand.NewPCG(1, 2))
	x, gain := array(r, 4, batch), array(r, 1)
	var weights []float32
	for _, p := range block.NewPlan(func(r block.Runner) { network(r, x, gain) }).Params(7) {
		weights = append(weights, p.Value.Floats()...)
	}
	params := block.NewPlan(func(r block.Runner) { fused(r, x, gain) }).Params(7)
	params[0].Update(func(w, _ []float32) { copy(w, weights) })
	tape := block.NewTape(e, params, block.Train, back)
	defer tape.Close()
	v := fused(tape, x, gain)
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	loss := v.Floats()[0]
	tape.Seed(v, 1)
	if err := tape.Backward(true); err != nil {
		t.Fatal(err)
	}
	return loss, [][]float32{x.Gradient(), gain.Gradient(), params[0].Value.Gradient()}
}

// slopes compares the gradient of x with central differences of the loss.
func slopes(t *testing.T, e *block.Engine, gradient []float32) {
	r := rand.New(rand.NewPCG(1, 2))
	x, gain := array(r, 4, batch), array(r, 1)
	params := block.NewPlan(func(r block.Runner) { network(r, x, gain) }).Params(7)
	tape := block.NewTape(e, params, block.Train, block.None)
	defer tape.Close()
	at := x.Floats()
	loss := func(i int, by float32) float64 {
		moved := append([]float32{}, at...)
		moved[i] += by
		x.Set(tensors.FromFlatDataAndDimensions(moved, 4, batch))
		v := network(tape, x, gain).Hold()
		if err := tape.Run(); err != nil {
			t.Fatal(err)
		}
		defer tape.Release()
		return float64(v.Floats()[0])
	}
	for i := range at {
		const h = 1e-2
		slope, want := (loss(i, h)-loss(i, -h))/(2*h), float64(gradient[i])
		if math.Abs(slope-want) > 1e-2*(1+math.Abs(want)) {
			t.Errorf("x[%d]: slope %g, gradient %g", i, slope, want)
		}
	}
}

func TestWrongCallsPanicWithShapes(t *testing.T) {
	for name, f := range map[string]func(){
		"too few inputs": func() { block.NewPlan(func(r block.Runner) { r.Call("a", layer(4, 5, 3), block.Sums(1), nil) }) },
		"too many sums": func() {
			block.NewPlan(func(r block.Runner) { r.Call("a", layer(4, 5, 3), block.Sums(2), block.Sums(2)) })
		},
		"one label, different weights": func() { block.NewPlan(different).Params(1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			f()
		})
	}
}

func different(r block.Runner) {
	for _, n := range []int{4, 5} {
		r.Call("a", layer(n, 5, 3), block.Sums(2), nil)
	}
}

func TestPlanCounts(t *testing.T) {
	weights, macs := block.NewPlan(func(r block.Runner) { network(r, &block.Value{}, &block.Value{}) }).Count()
	if weights != 2*(4*5+5)+(5*5+5) || macs != 2*4*5+2*5*5 {
		t.Errorf("counted %d weights and %d MACs", weights, macs)
	}
}
