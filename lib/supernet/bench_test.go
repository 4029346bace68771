package supernet_test

import (
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/supernet"
	"github.com/gomlx/gomlx/core/tensors"
)

// BenchmarkPass runs the slides' search network (8 cells, 16 channels, K = 4) forward and backward
// on 64 images. It measures both halves of a bilevel step: gradients of the architecture alone, and
// gradients of the weights as well.
func BenchmarkPass(b *testing.B) {
	const batch = 64
	e := block.NewEngine(backendtest.Open(b).Backend)
	for _, span := range []struct {
		name string
		supernet.Span
	}{{"edges", supernet.Edges}, {"operations", supernet.Operations}} {
		n := &supernet.Network{Space: supernet.FullSpace(), Span: span.Span, Backbone: backbone.Backbone{
			Cells: 8, Channels: 16, Classes: 10, ImageChannels: 3, ImageSide: 32, Batch: batch, Partial: 4}}
		m := supernet.NewArch(n.Space, true, 1).NewMixing()
		x := block.NewValue(tensors.FromFlatDataAndDimensions(make([]float32, 3*32*32*batch), 3, 32, 32, batch))
		y := block.NewValue(tensors.FromFlatDataAndDimensions(make([]int32, batch), batch))
		forward := func(r block.Runner) *block.Value {
			return r.Call("", fit.CrossEntropy(10, batch), []*block.Value{n.Run(r, x, m).Logits, y}, nil)[0]
		}
		plan := block.NewPlan(func(r block.Runner) { forward(r) })
		if err := e.Prepare(plan, block.Train, block.Separate, nil); err != nil {
			b.Fatal(err)
		}
		tape := block.NewTape(e, plan.Params(1), block.Train, block.Separate)
		for _, level := range []struct {
			name    string
			weights bool
		}{{"architecture", false}, {"weights", true}} {
			b.Run(span.name+"/"+level.name, func(b *testing.B) {
				for b.Loop() {
					loss := forward(tape)
					if err := tape.Run(); err != nil {
						b.Fatal(err)
					}
					tape.Seed(loss, 1)
					if err := tape.Backward(level.weights); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		tape.Close()
	}
}
