package search

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/task"
)

func TestPhasesHaveTheirOwnLengthAndWidth(t *testing.T) {
	s := tiny("3/8/0/1/0 4x8/4/0.5/3/2 5/2")
	search := begin(t, crops(t), s)
	if n := search.Epochs(); n != 1+3+2 {
		t.Fatalf("%d epochs", n)
	}
	for epoch, want := range []struct{ phase, cells, channels, operations, epoch, frozen int }{
		{0, 3, 4, 8, 0, 0}, {1, 4, 8, 4, 0, 2}, {1, 4, 8, 4, 1, 2}, {1, 4, 8, 4, 2, 2}, {2, 5, 4, 2, 0, 1}, {2, 5, 4, 2, 1, 1},
	} {
		at := search.at(epoch)
		if search.phase != want.phase || search.net.Cells != want.cells || search.net.Channels != want.channels || at.epoch != want.epoch || at.Frozen != want.frozen {
			t.Errorf("epoch %d: phase %d with %d cells and %d channels, %+v, want %+v", epoch, search.phase, search.net.Cells, search.net.Channels, at, want)
		}
		for typ := range search.arch.Space {
			for e, kept := range search.arch.Space[typ] {
				if len(kept) != want.operations {
					t.Errorf("epoch %d: edge %d has %v", epoch, e, kept)
				}
			}
		}
		m, err := search.Step(epoch, 0)
		if _, moves := m["arch_loss"]; err != nil || moves != (want.epoch >= want.frozen) {
			t.Errorf("epoch %d: %v, %v", epoch, m, err)
		}
		if _, _, err := search.EndEpoch(t.Context(), epoch); err != nil {
			t.Fatal(err)
		}
	}
}

// kinds returns the executables that a plan needs: blocks, with or without a sum to which they add.
func kinds(p *block.Plan) map[[2]any]bool {
	k := map[[2]any]bool{}
	for _, c := range p.Calls {
		k[[2]any{c.Block.Name, c.Add}] = true
	}
	return k
}

// The phases are those of P-DARTS in the slides and in the paper. Later phases need a few blocks
// that the first does not: dropout at 32, 16 and 8 pixels, and the preprocessing between two normal
// cells at the beginning.
func TestAPhaseNeedsNextToNothingNew(t *testing.T) {
	for _, k := range []int{1, 4} {
		s := settings.Search{Shared: settings.Shared{Cells: 5, Channels: 16, Batch: 64, Epochs: 25}, Partial: k, Frozen: 10, Phases: "5/8 11/5/0.4 17/3/0.7"}
		search := assemble(task.Base{Engine: &block.Engine{}}, backbone.Backbone{Classes: 10, ImageChannels: 3, ImageSide: 32, Batch: 64, Partial: k}, s)
		known := kinds(search.Plan())
		first := len(known)
		for phase, most := range []int{0, 4, 0} {
			added := 0
			for kind := range kinds(search.laterPlan(phase)) {
				if !known[kind] {
					added++
				}
				known[kind] = true
			}
			if added > most || first < 30 {
				t.Errorf("k %d: phase %d needs %d executables more than the %d before, want at most %d", k, phase, added, first, most)
			}
		}
		search.release()
	}
}

func TestEnteringAPhaseCompilesNothing(t *testing.T) {
	s := tiny("3/8 4/5/0.4 6/3/0.7")
	s.Epochs = 1
	b := backendtest.Open(t)
	search := begin(t, crops(t), s)
	if err := search.Prepare(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := search.Step(0, 0); err != nil { // compiles the executables of images
		t.Fatal(err)
	}
	<-search.ahead.done
	programs := func() int { s := b.Stats(); return s.Compiled + s.Loaded + s.Shared }
	before := programs()
	for epoch := range 3 {
		if epoch > 0 {
			if _, err := search.Step(epoch, 0); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := search.EndEpoch(t.Context(), epoch); err != nil {
			t.Fatal(err)
		}
	}
	if search.phase != 2 || before == 0 {
		t.Fatalf("phase %d, %d programs", search.phase, before)
	}
	if more := programs() - before; more != 0 {
		t.Errorf("%d programs were compiled or loaded after the first step", more)
	}
}

func TestLaterPhasesStartAfresh(t *testing.T) {
	s := tiny("3/8 4/4/0.5")
	s.Frozen = 0
	search := begin(t, crops(t), s)
	epochs(t, search, 0, 1)
	moved := search.adam
	epochs(t, search, 1, 2)
	if fresh := (fit.Adam{Beta1: 0.5, Beta2: 0.999, WeightDecay: s.ArchWeightDecay}); reflect.DeepEqual(moved, fresh) || !reflect.DeepEqual(search.adam, fresh) {
		t.Errorf("Adam's state is %+v after the first epoch and %+v in the next phase, want moments and none", moved, search.adam)
	}
	for _, alpha := range search.arch.Flat() {
		if math.Abs(float64(alpha)) > 1e-2 {
			t.Fatalf("an alpha starts at %g", alpha)
		}
	}
	for _, p := range search.Params { // both networks have the stem
		if p.Label == "stem" {
			fresh := search.Plan().Params(s.Seed + 1<<32)
			for _, q := range fresh {
				if q.Label == p.Label && !reflect.DeepEqual(q.Value.Floats(), p.Value.Floats()) {
					t.Error("the stem's weights are not new")
				}
			}
		}
	}
	if n := len(search.arch.Space[0][0]); n != 4 || len(cell.Primitives) != 8 {
		t.Errorf("%d operations", n)
	}
}

// At the end of both phases the capsules are the weakest operations of all edges.
func TestCapsulesAreProtectedAtTheEndOfTheFirstPhaseOnly(t *testing.T) {
	set := crops(t)
	for keep, want := range map[int][]bool{0: {false, false}, 1: {true, false}} {
		s := tiny("3/4 3/3 3/2")
		s.Epochs, s.Frozen, s.Operations, s.KeepCapsules = 1, 0, "none,skip_connect,avg_pool_3x3,capsule_self", keep
		search := begin(t, set, s)
		for phase, protected := range want {
			flat := search.arch.Flat()
			at := 0
			for _, edges := range search.arch.Space {
				for _, names := range edges {
					for _, name := range names {
						if flat[at] = 1; cell.IsCapsule(name) {
							flat[at] = -1
						}
						at++
					}
				}
			}
			search.arch.SetFlat(flat)
			search.updateMixing()
			if _, _, err := search.EndEpoch(t.Context(), phase); err != nil {
				t.Fatal(err)
			}
			for _, edges := range search.arch.Space {
				for e, names := range edges {
					if slices.ContainsFunc(names, cell.IsCapsule) != protected {
						t.Errorf("keep_capsules %d: after phase %d edge %d has %v", keep, phase, e, names)
					}
				}
			}
		}
	}
}
