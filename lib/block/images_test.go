package block_test

import (
	"fmt"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestImagesGetTheGradientsThatInputsGet: the bits are the same, and weights get none.
func TestImagesGetTheGradientsThatInputsGet(t *testing.T) {
	e := block.NewEngine(backendtest.Open(t).Backend)
	loss, want := gradients(t, e, network, block.Separate, false)
	l, got := gradients(t, e, network, block.Images, true)
	if l != loss || !close(flat(got), flat(want), 0) {
		t.Errorf("got %v %v, want %v %v", l, got, loss, want)
	}
	for i, g := range got[2:] {
		if len(g) > 0 {
			t.Errorf("weights %d have a gradient", i)
		}
	}
}

// picked is sum(x * w[label]) of constant floats x and constant labels.
func picked() *block.Block {
	return &block.Block{
		Name: "test picked", In: []shapes.Shape{block.Floats(3), shapes.Make(dtypes.Int32, 3)}, Const: 2,
		Fn: func(_ *block.Ctx, in, _ []*Node) []*Node {
			return []*Node{ReduceAllSum(Mul(in[0], ConvertDType(in[1], dtypes.Float32)))}
		},
	}
}

// TestConstantsThatAreFloatsGetAGradientAsImages; in a training they get none.
func TestConstantsThatAreFloatsGetAGradientAsImages(t *testing.T) {
	e := block.NewEngine(backendtest.Open(t).Backend)
	for _, c := range []struct {
		mode block.Mode
		back block.Backward
		want []float32
	}{{block.Evaluate, block.Images, []float32{4, 0, 6}}, {block.Train, block.Joint, nil}} {
		x, labels := block.NewValue(tensors.FromValue([]float32{1, 2, 3})), block.NewValue(tensors.FromValue([]int32{2, 0, 3}))
		tape := block.NewTape(e, nil, c.mode, c.back)
		y := tape.Call("", picked(), []*block.Value{x, labels}, nil)[0]
		if err := tape.Run(); err != nil {
			t.Fatal(err)
		}
		tape.SeedFrom(y, block.NewValue(tensors.FromScalar(float32(2))))
		if err := tape.Backward(true); err != nil {
			t.Fatal(err)
		}
		if got := x.Gradient(); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%v: the gradient is %v, want %v", c.back, got, c.want)
		}
		tape.Close()
	}
}

// TestImagesSaveWhatTheirGradientsRead: a block marks two values, and the gradient of its input
// reads only the first.
func TestImagesSaveWhatTheirGradientsRead(t *testing.T) {
	const n = 1000
	b := &block.Block{
		Name: "test marks", In: []shapes.Shape{block.Floats(n)}, Weights: []block.Weight{{Name: "w", Dims: []int{1}, Fill: 3}},
		Fn: func(c *block.Ctx, in, w []*Node) []*Node {
			scale := func(x *Node) *Node { return Mul(x, w[0]) }
			y := c.SaveForBackward(c.Site(Square(in[0]), scale)) // read by the next gradient
			z := c.SaveForBackward(c.Site(Square(y), scale))     // linear from here: unread
			return []*Node{ReduceAllSum(z)}
		},
	}
	for _, c := range []struct {
		back  block.Backward
		saved int64
	}{{block.None, 0}, {block.Images, 1}} {
		e := block.NewEngine(backendtest.Open(t).Backend)
		m, err := e.Memory(block.Pass{Mode: block.Evaluate, Back: c.back, Network: func(r block.Runner) []*block.Value {
			return r.Call("b", b, []*block.Value{{}}, nil)
		}})
		if err != nil {
			t.Fatal(err)
		}
		// with a backward pass: the saved values, the gradient, and its initial zeros
		want := 4 + c.saved*(4+3*4*n)
		if m.Arrays != want {
			t.Errorf("%v: %d bytes of arrays, want %d", c.back, m.Arrays, want)
		}
	}
}
