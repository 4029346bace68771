package supernet_test

import (
	"fmt"
	"slices"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/supernet"
)

// Derivation selects the strongest operation of each edge, except none, and the two strongest edges
// of each state.
func ExampleArch_Derive() {
	arch := supernet.NewArch(supernet.FullSpace(), false, 1)
	set := func(edge int, op string, alpha float32) {
		arch.Alpha[0][edge][slices.Index(cell.Primitives, op)] = alpha // 0: normal cell
	}
	set(2, "skip_connect", 2) // edge 2 leads from node 0 to state 1, see cell.Links
	set(3, "none", 3)         // edge 3 from node 1: a strong none makes all other shares small
	set(4, "sep_conv_3x3", 1) // edge 4 from state 0, which is node 2
	fmt.Println(arch.Derive(0).Normal[2:4])
	// Output: [{skip_connect 0} {sep_conv_3x3 2}]
}
