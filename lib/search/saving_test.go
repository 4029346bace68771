package search

import (
	"reflect"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
)

// A run can continue with less memory than it began with.
func TestSavingLittleChangesNoBit(t *testing.T) {
	set := crops(t)
	mixed := tiny("")
	mixed.SSFactor, mixed.SSScale, mixed.Projector, mixed.Views = 0.5, 1, "8,8", "crop 1, flip 0.5"
	for _, c := range []struct {
		name     string
		settings settings.Search
	}{{"an edge in one executable", tiny("")}, {"an operation in one executable", tiny("3/8/0.5")}, {"two views", mixed}} {
		t.Run(c.name, func(t *testing.T) {
			all, little := begin(t, set, c.settings), begin(t, set, c.settings)
			little.SetSaving(block.SaveLittle)
			b := backendtest.Open(t)
			taken := func(s *Search) (fit.State, uint64) {
				before := b.Counts().ArrayBytes
				b.MarkPeak()
				state := epochs(t, s, 0, 2)
				return state, b.Counts().ArrayPeak - before
			}
			wanted, most := taken(all)
			got, less := taken(little)
			if !reflect.DeepEqual(got, wanted) {
				t.Error("the states after two epochs differ")
			}
			if b.Kind != "go" && less > 3*most/4 {
				t.Errorf("arrays of %d bytes with little saved, %d with all", less, most)
			}
		})
	}
}
