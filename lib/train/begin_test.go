package train

import (
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
	"github.com/janpfeifer/must"
)

// TestMoreEpochsBeginWithAllWeightsAndOtherImagesWithANewClassifier starts trainings from the state
// of an earlier one without auxiliary tower.
func TestMoreEpochsBeginWithAllWeightsAndOtherImagesWithANewClassifier(t *testing.T) {
	set := must.M1(data.Sample())
	g, _ := cell.Published("DARTS_V2")
	s := settings.Train{Shared: settings.Shared{Cells: 3, Channels: 4, Batch: 16, Epochs: 1, Images: 200, Devices: 1, Seed: 1, LR: 0.1}, Labels: 1, Clip: 5}
	state := func(seed uint64, auxiliary float64, from *fit.State, whole bool) fit.State {
		s.Seed, s.Auxiliary = seed, auxiliary
		task := must.M1(New(backendtest.Open(t), set, g, s))
		defer task.Close()
		if from != nil {
			must.M(task.Begin(*from, whole))
		}
		return must.M1(task.State())
	}
	earlier, fresh := state(1, 0, nil, false), state(2, 0.4, nil, false)
	for _, whole := range []bool{true, false} {
		compared := 0
		for name, a := range state(2, 0.4, &earlier, whole).Arrays {
			if strings.HasPrefix(name, "velocity/") {
				continue
			}
			own := strings.HasSuffix(name, "/"+backbone.AuxiliaryLabel) || !whole && strings.HasSuffix(name, "/"+backbone.ClassifierLabel)
			want := earlier.Arrays[name].F32
			if own {
				want = fresh.Arrays[name].F32
			}
			if compared++; !slices.Equal(a.F32, want) {
				t.Errorf("whole %v: %s is not %s", whole, name, map[bool]string{true: "its own", false: "the earlier training's"}[own])
			}
		}
		if compared < 20 {
			t.Errorf("%d arrays were compared: too few", compared)
		}
	}
	towered := state(1, 0.4, nil, false)
	for _, whole := range []bool{true, false} {
		want, name := towered, "weights/"+backbone.AuxiliaryLabel
		if !whole {
			want = fresh
		}
		if got := state(2, 0.4, &towered, whole).Arrays[name].F32; len(got) == 0 || !slices.Equal(got, want.Arrays[name].F32) {
			t.Errorf("whole %v: the auxiliary classifier of a training with such a tower is not %s", whole, map[bool]string{true: "taken", false: "left"}[whole])
		}
	}
}
