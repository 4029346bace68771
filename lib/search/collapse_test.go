package search

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
)

func TestAuxiliarySkipsFallAndBetaDecayGrowsLinearly(t *testing.T) {
	s := tiny("")
	s.Epochs, s.AuxiliarySkip, s.BetaDecay = 4, 0.8, 50
	search := begin(t, crops(t), s)
	for epoch, want := range []struct{ auxiliary, decay float64 }{{0.8, 0}, {0.6, 12.5}, {0.4, 25}, {0.2, 37.5}} {
		search.setRemedies(search.at(epoch))
		norm := search.arch.EdgeNorm(0)
		got := float64(search.mixing.Auxiliary[0][0].Floats()[0])
		if math.Abs(got-want.auxiliary*norm[0]) > 1e-6 || math.Abs(search.decaying-want.decay) > 1e-12 {
			t.Errorf("epoch %d: auxiliary skips at %g, beta-decay %g, want %+v", epoch, got/norm[0], search.decaying, want)
		}
	}
	t.Run("beta-decay's gradient joins that of the loss", func(t *testing.T) {
		g := make([]float32, len(search.arch.Flat()))
		search.decay(g)
		_, own := search.arch.BetaDecay()
		for i := range g {
			if g[i] != float32(37.5*float64(own[i])) {
				t.Fatalf("%d: %g, want 37.5 x %g", i, g[i], own[i])
			}
		}
		// if the loss has no gradient, beta-decay alone moves alphas and betas
		if got, want := search.update(make([]float32, len(g))), norm(g); math.Abs(got-want) > 1e-6*want || want == 0 {
			t.Errorf("a step without a loss has a gradient of norm %g, want %g", got, want)
		}
	})
}

func TestWhatHelpsAgainstCollapseIsOffByDefaultAndWorksInEveryMethod(t *testing.T) {
	set := crops(t)
	for name, base := range map[string]settings.Search{"K 2": tiny(""), "K 1": tiny(""), "progressive": tiny("3/8/0/2 4/4/0.5/2")} {
		t.Run(name, func(t *testing.T) {
			if name == "K 1" {
				base.Partial = 1
			}
			plain := epochs(t, begin(t, set, base), 0, 2)
			for what, change := range map[string]func(s *settings.Search){
				"auxiliary skips": func(s *settings.Search) { s.AuxiliarySkip = 1 },
				"beta-decay":      func(s *settings.Search) { s.BetaDecay = 50 },
			} {
				s := base
				change(&s)
				a := begin(t, set, s)
				half := epochs(t, a, 0, 1)
				end := epochs(t, a, 1, 2)
				if reflect.DeepEqual(end.Arrays["architecture"], plain.Arrays["architecture"]) && a.phase == 0 {
					t.Errorf("%s change nothing", what)
				}
				b := begin(t, set, s)
				if err := b.Restore(half); err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(epochs(t, b, 1, 2), end) {
					t.Errorf("%s: restored, it ends in other bits", what)
				}
			}
			s := base
			s.StopSkips, s.Eigenvalue = 8, 1
			a := begin(t, set, s)
			for e := range 2 {
				for i := range a.Steps(e) {
					if _, err := a.Step(e, i); err != nil {
						t.Fatal(err)
					}
				}
				if m, _, err := a.EndEpoch(t.Context(), e); err != nil || m["eigenvalue"] == 0 || math.IsNaN(m["eigenvalue"]) {
					t.Errorf("epoch %d: %v, %v", e, m, err)
				}
			}
			end, err := a.State()
			if err != nil || !reflect.DeepEqual(end.Arrays, plain.Arrays) {
				t.Errorf("measuring the eigenvalue changes a search (%v)", err)
			}
		})
	}
}

// skip makes skip connections so strong on the normal cell's edges that the derived cell has the
// given number of them.
func skip(s *Search, edges int) {
	at := 0
	flat := s.arch.Flat()
	for e := range cell.Edges {
		for _, name := range s.arch.Space[0][e] {
			flat[at] = 0
			if name == "sep_conv_3x3" {
				flat[at] = 5
			}
			// each state keeps two of its edges 0-2, 1-2, 0-3, 1-3, 0-4, ...; the first two win
			// ties
			if first := map[int]int{0: 0, 1: 1, 2: 2, 3: 3, 5: 4, 6: 5, 9: 6, 10: 7}; name == "skip_connect" {
				if i, ok := first[e]; ok && i < edges {
					flat[at] = 10
				}
			}
			at++
		}
	}
	s.arch.SetFlat(flat)
	s.arch.Update(s.mixing)
}

func TestAPhaseEndsWithTooManySkips(t *testing.T) {
	set := crops(t)
	for _, c := range []struct {
		name   string
		phases string
		skips  int
		epochs []int // epochs at which there are so many skips, and the search's length then
		want   int
	}{
		{"in one phase", "3/8/0/6/1", 2, []int{3}, 4},
		{"not while the architecture stands still", "3/8/0/6/2", 2, []int{0, 1}, 6},
		{"not below the number", "3/8/0/6/1", 1, []int{3}, 6},
		{"not in the last epoch, which ends anyway", "3/8/0/6/1", 2, []int{5}, 6},
		{"of two, and the other is as long as ever", "3/8/0/4/1 3/6/0/3/1", 2, []int{1}, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tiny(c.phases)
			s.StopSkips, s.ArchLR = 2, 1e-9
			search := begin(t, set, s)
			all := search.Epochs()
			stopped := 0
			for e := 0; e < search.Epochs(); e++ {
				if _, err := search.Step(e, 0); err != nil {
					t.Fatal(err)
				}
				skip(search, 0)
				for _, at := range c.epochs {
					if e == at {
						skip(search, c.skips)
					}
				}
				_, d, err := search.EndEpoch(t.Context(), e)
				if err != nil {
					t.Fatal(err)
				}
				if n, ok := d["stopped_at_skips"]; ok {
					stopped++
					if n != c.skips {
						t.Errorf("stopped at %v skips, want %d", n, c.skips)
					}
					state, err := search.State()
					if err != nil {
						t.Fatal(err)
					}
					other := begin(t, set, s)
					if err := other.Restore(state); err != nil || other.Epochs() != search.Epochs() || other.phase != search.phase || other.at(e+1) != search.at(e+1) {
						t.Errorf("restored: %v, %d epochs in phase %d, want %d in %d", err, other.Epochs(), other.phase, search.Epochs(), search.phase)
					}
				}
			}
			if n := search.Epochs(); n != c.want || (stopped > 0) != (n < all) {
				t.Errorf("%d of %d epochs, want %d; stopped %d times", n, all, c.want, stopped)
			}
		})
	}
}

func TestBalancingMakesTheTermsGradientsEquallyLong(t *testing.T) {
	s := tiny("")
	s.SSFactor, s.SSScale, s.Projector, s.Views, s.SSBalance = 0.5, 1, "6,5", "crop 1, flip 0.5", 1
	search := begin(t, crops(t), s)
	for _, l := range []level{ofWeights, ofArchitecture} {
		err := search.batch(l, 1, 0, func(x []*block.Value, y *block.Value) error {
			if err := search.rebalance(l, x, y); err != nil {
				return err
			}
			ce, bt := search.objective.factors(search.balance[l])
			first, err := sharedNorm(search, l, x, y, ce, 0)
			if err != nil {
				return err
			}
			second, err := sharedNorm(search, l, x, y, 0, bt)
			if math.Abs(first-second) > 1e-3*first || first == 0 || search.balance[l] == 1 {
				t.Errorf("%s: %g and %g with a factor of %g", l, first, second, search.balance[l])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("the loss has the factor, and the metrics contain it", func(t *testing.T) {
		m, err := search.Step(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, level := range []string{"train_", "arch_"} {
			if want := 0.5*m[level+"balance"]*m[level+"bt"] + 0.5*m[level+"ce"]; m[level+"balance"] <= 0 || math.Abs(m[level+"loss"]-want) > 1e-6 {
				t.Errorf("%sloss is %g, want %g: %v", level, m[level+"loss"], want, m)
			}
		}
	})
	t.Run("stopped between two measurements and restored, it ends in the same bits", func(t *testing.T) {
		set := crops(t)
		s.SSBalance = 2
		search := begin(t, set, s)
		steps := func(search *Search, from, to int) fit.State {
			for i := from; i < to; i++ {
				if _, err := search.Step(1, i); err != nil {
					t.Fatal(err)
				}
			}
			state, err := search.State()
			if err != nil {
				t.Fatal(err)
			}
			return state
		}
		half := steps(search, 0, 1)
		end := steps(search, 1, 3)
		other := begin(t, set, s)
		if err := other.Restore(half); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(steps(other, 1, 3), end) {
			t.Error("the restored search ends in other bits")
		}
		if strings.Contains(half.Meta["balance"], "[1,") {
			t.Errorf("the factors are %s", half.Meta["balance"])
		}
	})
}

func TestBalancingChangesNothingWhereOneTermIsAlone(t *testing.T) {
	set := crops(t)
	for _, factor := range []float64{0, 1} {
		s := tiny("")
		s.SSFactor, s.SSScale, s.Projector, s.Views = factor, 1, "5", "crop 1"
		plain := epochs(t, begin(t, set, s), 0, 1)
		s.SSBalance = 1
		if !reflect.DeepEqual(epochs(t, begin(t, set, s), 0, 1), plain) {
			t.Errorf("ss_factor %g: balancing changes the state", factor)
		}
	}
}

func TestWithoutSelfSupervisionNothingOfItIsCalled(t *testing.T) {
	s := tiny("")
	s.SSBalance, s.SSScale, s.Projector = 1, 2, "7"
	search := begin(t, crops(t), s)
	plain := len(block.NewPlan(func(r block.Runner) { search.net.Run(r, &block.Value{}, search.mixing) }).Calls)
	if n := len(search.Plan().Calls); n != plain+1 || search.twins != nil {
		t.Errorf("a step makes %d calls, want the network's %d and the cross-entropy", n, plain)
	}
}
