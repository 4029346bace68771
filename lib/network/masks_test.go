package network

import (
	"math"
	"testing"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
)

// Drop path keeps the mean of a path: each image and path is multiplied by 0 or by 1/(1-p),
// independently. Identities are never dropped.
func TestADroppedPathKeepsItsMean(t *testing.T) {
	g, _ := cell.Published("DARTS_V2")
	n := New(g, 6, 2, 3, 1, 16, 512, false)
	identities := 0
	for _, p := range n.Places() {
		for i, l := range n.topologies()[p.Type()].Links {
			if n.operation(p, i, l).Identity() {
				identities++
			}
		}
	}
	for _, p := range []float64{0.1, 0.3} {
		masks := n.NewMasks(&block.Engine{}, p, fit.Random(1, "drop path", 0, 0))
		if len(masks) != 6*8-identities {
			t.Errorf("%d of 48 paths can be dropped, want all but %d identities", len(masks), identities)
		}
		total, mean, dropped := 0., 0., 0.
		for at, v := range masks {
			own := 0.
			for _, x := range v.Floats() {
				if x == 0 {
					own++
				} else if math.Abs(float64(x)*(1-p)-1) > 1e-6 {
					t.Fatalf("p %g: a kept path is multiplied by %g", p, x)
				}
				mean += float64(x)
				total++
			}
			if share := own / 512; math.Abs(share-p) > 5*math.Sqrt(p*(1-p)/512) {
				t.Errorf("p %g: path %v is dropped for a share %g of the images", p, at, share)
			}
			dropped += own
		}
		if sigma := math.Sqrt(p * (1 - p) / total); math.Abs(dropped/total-p) > 4*sigma || math.Abs(mean/total-1) > 4*sigma/(1-p) {
			t.Errorf("p %g: the share of dropped paths is %g, and the mean is %g", p, dropped/total, mean/total)
		}
		masks.Free()
	}
}
