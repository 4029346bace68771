package network_test

import (
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/network"
)

func TestPublishedSize(t *testing.T) {
	g, ok := cell.Published("DARTS_V2")
	if !ok {
		t.Fatal("DARTS_V2 is not among the published cells")
	}
	for _, c := range []struct {
		auxiliary bool
		want      int
	}{{false, 3_349_342}, {true, 3_825_768}} {
		if got, _ := network.New(g, 20, 36, 10, 3, 32, 96, c.auxiliary).Count(); got != c.want {
			t.Errorf("auxiliary %v: %d weights, want %d", c.auxiliary, got, c.want)
		}
	}
}
