package supernet

import (
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/block"
)

// P-DARTS' reference implementation applies dropout to identities only: a skip connection of stride
// 2 is a convolution.
func TestIdentitiesAndNothingElseDropValues(t *testing.T) {
	for _, k := range []int{1, 2} {
		n := &Network{Space: FullSpace(), Span: Operations, Backbone: backbone.Backbone{Cells: 4, Channels: 4, Classes: 3, ImageChannels: 1, ImageSide: 8, Batch: 4, Partial: k}}
		m := NewArch(n.Space, k > 1, 1).NewMixing()
		m.Dropout = &Dropout{Rate: &block.Value{}, Seeds: map[CellEdge]*block.Value{}}
		dropped, skips := 0, 0
		for _, c := range block.NewPlan(func(r block.Runner) { n.Run(r, &block.Value{}, m) }).Calls {
			identity := strings.HasSuffix(c.Label, "/skip_connect") && strings.Contains(c.Block.Name, " s1 ")
			if drops := strings.Contains(c.Block.Name, "dropout"); drops != identity {
				t.Errorf("k %d: %s calls %q", k, c.Label, c.Block.Name)
			} else if drops {
				dropped++
			}
			if strings.HasSuffix(c.Label, "/skip_connect") {
				skips++
			}
		}
		// 2 normal cells of 14 edges, and 2 reduction cells, of whose 14 edges 8 read inputs with
		// stride 2
		if dropped != 2*14+2*6 || skips != 4*14 {
			t.Errorf("k %d: %d of %d skip connections drop values", k, dropped, skips)
		}
	}
}
