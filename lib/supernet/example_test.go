package supernet_test

import (
	"fmt"
	"slices"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/supernet"
)

// The cell that the alphas stand for: every edge gets its strongest operation but none, and every
// state its two strongest edges.
func ExampleArch_Derive() {
	arch := supernet.NewArch(supernet.FullSpace(), false, 1)
	set := func(edge int, op string, alpha float32) {
		arch.Alpha[0][edge][slices.Index(cell.Primitives, op)] = alpha // 0: normal cell
	}
	set(2, "skip_connect", 2) // edge 2 leads from node 0 to state 1, see cell.Links
	set(3, "none", 3)         // edge 3 from node 1: a large none makes all other shares small
	set(4, "sep_conv_3x3", 1) // edge 4 from state 0, which is node 2
	fmt.Println(arch.Derive(0).Normal[2:4])
	// Output: [{skip_connect 0} {sep_conv_3x3 2}]
}
