package supernet_test

import (
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/block/blocktest"
	"github.com/essnas/essnas/lib/supernet"
)

// The test covers every block of a search network, for each span, with and without partial
// channels.
func TestGradientsOfEveryBlock(t *testing.T) {
	e := block.NewEngine(backendtest.Open(t).Backend)
	seen := map[string]bool{}
	for k, spans := range map[int][]supernet.Span{1: {supernet.Operations}, 4: {supernet.Operations, supernet.Edges}} {
		for _, span := range spans {
			n := &supernet.Network{Space: supernet.FullSpace(), Span: span, Backbone: backbone.Backbone{
				Cells: 3, Channels: 4 * k, Classes: 3, ImageChannels: 1, ImageSide: 8, Batch: 4, Partial: k}}
			a := supernet.NewArch(n.Space, k > 1, 1)
			if span == supernet.Edges {
				a.Auxiliary = 1
			}
			m := a.NewMixing()
			for _, c := range block.NewPlan(func(r block.Runner) { n.Run(r, &block.Value{}, m) }).Calls {
				if !seen[c.Block.Name] {
					seen[c.Block.Name] = true
					t.Run(c.Block.Name, func(t *testing.T) { blocktest.Gradients(t, e, c.Block) })
				}
			}
		}
	}
}
