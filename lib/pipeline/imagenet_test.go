package pipeline

import (
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/janpfeifer/must"
)

// The cell that PC-DARTS found on ImageNet has 5.3 million weights and 597 million multiply-adds at
// 224 pixels, with 14 cells and 48 channels (arXiv:1907.05737, table 2); that of P-DARTS 4.9 and
// 557 (arXiv:1904.12760, table 2), that of DARTS 4.7 and 574 (arXiv:1806.09055, table 3). Published
// multiply-adds follow several rules, and no paper names its own: here they are those of
// convolutions and linear layers, exactly torch's (package golden), and within a tenth of the
// papers'.
func TestNetworksForImageNetAreAsLargeAsPublished(t *testing.T) {
	for name, want := range map[string]struct {
		weights, macs float64 // millions
		cells         int
	}{"PC_DARTS_image": {5.3, 597, 14}, "PDARTS": {4.9, 557, 14}, "DARTS_V2": {4.7, 574, 14}} {
		g, _ := cell.Published(name)
		size := must.M1(NetworkSize(name, g, Shape{Cells: want.cells, Channels: 48, Classes: 1000, ImageChannels: 3, ImageSide: 224, Stem: "imagenet"}, false))
		t.Logf("%s: %d weights, %d MACs", name, size.Weights, size.MACs)
		if m := float64(size.Weights) / 1e6; m < want.weights-0.05 || m > want.weights+0.05 {
			t.Errorf("%s has %.2f million weights, want %.1f", name, m, want.weights)
		}
		if m := float64(size.MACs) / 1e6; m < 0.9*want.macs || m > 1.1*want.macs {
			t.Errorf("%s needs %.0f million multiply-adds, want %.0f", name, m, want.macs)
		}
	}
}
