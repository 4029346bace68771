package search

import (
	"reflect"
	"testing"

	"github.com/essnas/essnas/lib/block"
)

// A run may go on with less memory than it began with.
func TestSavingLittleChangesNoBit(t *testing.T) {
	set := crops(t)
	mixed := tiny("")
	mixed.SSFactor, mixed.SSScale, mixed.Projector, mixed.Views = 0.5, 1, "8,8", "crop 1, flip 0.5"
	for _, c := range []struct {
		name     string
		settings Settings
	}{{"an edge in one executable", tiny("")}, {"an operation in one executable", tiny("3/8/0.5")}, {"two views", mixed}} {
		t.Run(c.name, func(t *testing.T) {
			all, little := begin(t, set, c.settings), begin(t, set, c.settings)
			little.engine.Saving = block.SaveLittle
			if a, b := epochs(t, all, 0, 2), epochs(t, little, 0, 2); !reflect.DeepEqual(a, b) {
				t.Error("the states after two epochs differ")
			}
		})
	}
}
