package export

import (
	"fmt"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/network"
	"github.com/gomlx/gomlx/core/graph"
)

// Graph puts a network in evaluation mode into the graph of images [batch, channels, side, side]
// and returns its logits [batch, classes]. Weights and running statistics are constants; the batch
// is that of net. Images are normalised first if p has a mean. native chooses the backend's
// convolutions (see block.Frozen).
//
// Graph panics if the images do not have the network's shape, or if params lacks weights of the
// network.
func Graph(images *graph.Node, net *network.Network, params []*block.Param, p Pixels, native bool) *graph.Node {
	images.AssertDims(net.Batch, net.ImageChannels, net.ImageSide, net.ImageSide)
	if p.Mean != nil {
		each := func(v []float32) *graph.Node { return graph.Reshape(graph.Const(images.Graph(), v), 1, len(v), 1, 1) }
		images = graph.Div(graph.Sub(images, each(p.Mean)), each(p.Std))
	}
	x := graph.TransposeAllAxes(images, 0, 2, 3, 1)
	logits := block.Frozen(block.NHWC, native, params, []*graph.Node{x}, func(r block.Runner, in []*block.Value) []*block.Value {
		return []*block.Value{net.Run(r, in[0], nil).Logits}
	})[0]
	return graph.TransposeAllAxes(logits, 1, 0)
}

// StableHLO returns the text of a program that computes the logits of a network, as [Graph] builds
// it with native convolutions: its argument and its result are those of Graph. The batch is fixed.
//
// StableHLO returns an error for the backend in pure Go, which has no such program.
func StableHLO(b *backend.Backend, net *network.Network, params []*block.Param, p Pixels) ([]byte, error) {
	text, err := b.Program(func() {
		g := graph.NewGraph(b.Backend, "essnas")
		images := graph.Parameter(g, "images", block.Floats(net.Batch, net.ImageChannels, net.ImageSide, net.ImageSide))
		if err := g.Compile(Graph(images, net, params, p, true)); err != nil {
			panic(err)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("the network can't be written as StableHLO: %w", err)
	}
	return text, nil
}
