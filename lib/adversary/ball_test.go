package adversary

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

var ball = Ball{Mean: []float32{0.5, 0.25}, Std: []float32{0.25, 0.5}, Side: 3, Batch: 2, Eps: 0.1}

// newBatch returns an engine and a batch with pixels 0, 0.05 ... 1, some of them black or white.
func newBatch(t *testing.T, layout block.Layout) (e *block.Engine, images *block.Value, pixels []float64) {
	t.Helper()
	e = block.NewEngine(backendtest.Open(t).Backend)
	e.Lowering.Layout = layout
	n := 2 * 3 * 3 * 2
	flat := make([]float32, n)
	for i := range n {
		pixels = append(pixels, float64(i%21)*0.05)
	}
	at := func(c, p, b int) int { // index of an image's pixel in the layout
		if layout == block.NHWC {
			return (b*9+p)*2 + c
		}
		return (c*9+p)*2 + b
	}
	for i, v := range pixels {
		c, p, b := i/18, i/2%9, i%2
		flat[at(c, p, b)] = float32((v - float64(ball.Mean[c])) / float64(ball.Std[c]))
	}
	images = e.SplitImages(tensors.FromFlatDataAndDimensions(flat, layout.Dims(2, 3, 3, 2)...))
	t.Cleanup(func() { images.Set(nil) })
	return e, images, pixels
}

// pixelsOf returns the pixels [channel][pixel][image] of a batch.
func pixelsOf(v *block.Value, layout block.Layout) []float64 {
	flat := v.Floats()
	pixels := make([]float64, len(flat))
	for i := range pixels {
		c, p, b := i/18, i/2%9, i%2
		j := (c*9+p)*2 + b
		if layout == block.NHWC {
			j = (b*9+p)*2 + c
		}
		pixels[i] = float64(flat[j])*float64(ball.Std[c]) + float64(ball.Mean[c])
	}
	return pixels
}

// sum computes the gradient of a loss that grows with the first channel and falls with the second.
func sum(e *block.Engine) func(x *block.Value) error {
	loss := &block.Block{Name: "sum of test images", In: []shapes.Shape{ball.images()}, Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
		return []*Node{ReduceAllSum(Mul(in[0], perChannel(c, in[0].Graph(), []float64{1, -1})))}
	}}
	return func(x *block.Value) error {
		tape := block.NewTape(e, nil, block.Evaluate, block.Images)
		defer tape.Close()
		y := tape.Call("", loss, []*block.Value{x}, nil)[0]
		if err := tape.Run(); err != nil {
			return err
		}
		tape.Seed(y, 1)
		return tape.Backward(false)
	}
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-6 {
			t.Errorf("%s: pixel %d is %.6f, want %.6f", what, i, got[i], want[i])
			return
		}
	}
}

// TestFGSMMovesEveryPixelByEpsilonAndStopsAtBlackAndWhite: the length in pixels does not depend on
// a channel's normalisation, in both layouts.
func TestFGSMMovesEveryPixelByEpsilonAndStopsAtBlackAndWhite(t *testing.T) {
	for _, layout := range []block.Layout{block.CHWN, block.NHWC} {
		e, images, pixels := newBatch(t, layout)
		x, err := ball.Find(e, images, Search{Steps: 1, Step: 0.1}, sum(e))
		if err != nil {
			t.Fatal(err)
		}
		defer x.Set(nil)
		var want []float64
		for i, v := range pixels {
			want = append(want, min(max(v+[]float64{0.1, -0.1}[i/18], 0), 1))
		}
		near(t, layout.String(), pixelsOf(x, layout), want)
		near(t, "clean images", pixelsOf(images, layout), pixels)
	}
}

func TestStepsEndInTheBallAndRandomStartsLieInIt(t *testing.T) {
	e, images, pixels := newBatch(t, block.CHWN)
	r := func() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
	find := func(s Search) []float64 {
		x, err := ball.Find(e, images, s, sum(e))
		if err != nil {
			t.Fatal(err)
		}
		defer x.Set(nil)
		return pixelsOf(x, block.CHWN)
	}
	start := find(Search{Random: r()})
	moved := 0.0
	for i, v := range start {
		d := math.Abs(v - pixels[i])
		if d > 0.1+1e-6 || v < -1e-6 || v > 1+1e-6 {
			t.Errorf("pixel %d starts at %.4f, %.4f away", i, v, d)
		}
		moved = max(moved, d)
	}
	if moved < 0.05 {
		t.Errorf("the start is at most %.3f away from the image", moved)
	}
	if !slices.Equal(start, find(Search{Random: r()})) {
		t.Error("the same random numbers make another start")
	}
	// Ten steps of a third of epsilon reach the border from any start.
	near(t, "ten steps", find(Search{Steps: 10, Step: 0.1 / 3, Random: r()}), find(Search{Steps: 1, Step: 0.1}))
}
