package block_test

import (
	"context"
	"fmt"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
)

// linear is the block y = W x, from x [3, batch] to y [2, batch].
func linear(batch int) *block.Block {
	return &block.Block{
		Name:    fmt.Sprintf("linear 3->2 b%d", batch),
		In:      []shapes.Shape{block.Floats(3, batch)},
		Weights: []block.Weight{{Name: "W", Dims: []int{2, 3}, Fan: 3, Positions: 1}},
		Fn: func(c *block.Ctx, in, w []*Node) []*Node {
			return []*Node{c.Site(in[0], func(x *Node) *Node { return Dot(w[0], x).Product() })}
		},
	}
}

// A plan counts the weights of a network without a backend. Calls of one label share their weights.
func ExamplePlan() {
	plan := block.NewPlan(func(r block.Runner) {
		x := &block.Value{} // stands for the images
		r.Call("first", linear(8), []*block.Value{x}, nil)
		r.Call("shared", linear(8), []*block.Value{x}, nil)
		r.Call("shared", linear(8), []*block.Value{x}, nil)
	})
	weights, macs := plan.Count()
	fmt.Println(plan.Labels(), weights, "weights,", macs, "multiply-accumulates for an image")
	// Output: [first shared] 12 weights, 18 multiply-accumulates for an image
}

// The loss is half the squared length of y = W x. Its gradient is y x^T for W, and W^T y for x.
func ExampleTape() {
	opened, err := backend.Open(context.Background(), backend.Options{Choice: backend.CPU})
	if err != nil {
		panic(err)
	}
	half := &block.Block{
		Name: "half square 2",
		In:   []shapes.Shape{block.Floats(2, 1)},
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			return []*Node{DivScalar(ReduceAllSum(Square(in[0])), 2)}
		},
	}
	x := block.NewValue(tensors.FromValue([][]float32{{1}, {2}, {3}}))
	var loss *block.Value
	network := func(r block.Runner) {
		y := r.Call("layer", linear(1), []*block.Value{x}, nil)
		loss = r.Call("", half, y, nil)[0]
	}

	params := block.NewPlan(network).Params(1) // initial weights from seed 1
	params[0].Update(func(w, _ []float32) { copy(w, []float32{1, 0, -1, 0.5, 0.5, 0.5}) })
	tape := block.NewTape(block.NewEngine(opened.Backend), params, block.Train, block.Joint)
	defer tape.Close()
	network(tape)
	if err := tape.Run(); err != nil {
		panic(err)
	}
	fmt.Println("loss", loss.Floats())
	tape.Seed(loss, 1)
	if err := tape.Backward(true); err != nil {
		panic(err)
	}
	fmt.Println("gradient of x", x.Gradient())
	params[0].Inspect(func(_, gradient []float32) { fmt.Println("gradient of W", gradient) })
	// Output:
	// loss [6.5]
	// gradient of x [-0.5 1.5 3.5]
	// gradient of W [-2 -4 -6 3 6 9]
}
