package search

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/settings"
)

// tiny is a search of a few seconds on 12 images of 8x8.
func tiny(phases string) settings.Search {
	return settings.Search{
		Shared:  settings.Shared{Cells: 3, Channels: 4, Batch: 4, Epochs: 2, Seed: 5, Devices: 1, LR: 0.1, Momentum: 0.9, WeightDecay: 3e-4},
		Partial: 2, Frozen: 1, Phases: phases, Clip: 5, ArchLR: 0.1, ArchWeightDecay: 1e-3,
	}
}

// crops returns 24 images of the sample, cropped to 8x8.
func crops(t *testing.T) *data.Set { return cropped(t, 24, 8) }

func cropped(t *testing.T, n, side int) *data.Set {
	t.Helper()
	set, err := data.Sample()
	if err != nil {
		t.Fatal(err)
	}
	at := (28 - side) / 2
	small := data.Images{N: n, Height: side, Width: side, Channels: 1, Labels: set.Train.Labels[:n]}
	for i := range n {
		for y := range side {
			row := (i*28+y+at)*28 + at
			small.Pixels = append(small.Pixels, set.Train.Pixels[row:row+side]...)
		}
	}
	cut := *set
	cut.Train = small
	return &cut
}

func begin(t *testing.T, set *data.Set, s settings.Search) *Search {
	t.Helper()
	search, err := New(backendtest.Open(t), set, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(search.Close)
	return search
}

// epochs runs the epochs [from, to) and returns the state after them.
func epochs(t *testing.T, s *Search, from, to int) fit.State {
	t.Helper()
	for e := from; e < to; e++ {
		for i := range s.Steps(e) {
			m, err := s.Step(e, i)
			if err != nil {
				t.Fatal(err)
			}
			if math.IsNaN(m["train_loss"]) || (m["arch_loss"] != 0) != (e%s.settings.Epochs >= s.settings.Frozen) {
				t.Fatalf("epoch %d, step %d: %v", e, i, m)
			}
		}
		if _, _, err := s.EndEpoch(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	state, err := s.State()
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestSearch(t *testing.T) {
	set := crops(t)
	progressive := tiny("3/8 4/4/0.5 5/2/0.7")
	progressive.Frozen = 0 // the architecture has moved wherever the search is stopped
	for name, of := range map[string]settings.Search{"in one phase": tiny(""), "progressive": progressive} {
		t.Run(name, func(t *testing.T) {
			first := begin(t, set, of)
			n := first.Epochs()
			var after []fit.State // each epoch
			for e := range n {
				after = append(after, epochs(t, first, e, e+1))
			}
			end := after[n-1]
			if err := first.Genotype().Validate(); err != nil {
				t.Error(err)
			}
			t.Run("again, it ends in the same bits", func(t *testing.T) {
				if again := epochs(t, begin(t, set, of), 0, n); !reflect.DeepEqual(again, end) {
					t.Error("the second search ends in other bits")
				}
			})
			t.Run("interrupted and restored, it ends in the same bits", func(t *testing.T) {
				for stop := 1; stop < n; stop++ {
					other := begin(t, set, of)
					if err := other.Restore(after[stop-1]); err != nil {
						t.Fatal(err)
					}
					// to the end from the first stop; from the others to the next one
					for e := stop; e < n && (e == stop || stop == 1); e++ {
						if !reflect.DeepEqual(epochs(t, other, e, e+1), after[e]) {
							t.Errorf("stopped after epoch %d, the search has other bits after epoch %d", stop, e+1)
						}
					}
				}
			})
			t.Run("a checkpoint of another search is refused", func(t *testing.T) {
				other := of
				other.Channels = 8
				if err := begin(t, set, other).Restore(end); err == nil {
					t.Error("the checkpoint is accepted")
				}
			})
		})
	}
	t.Run("another seed ends elsewhere", func(t *testing.T) {
		a, b := tiny(""), tiny("")
		b.Seed++
		if reflect.DeepEqual(epochs(t, begin(t, set, a), 0, 1), epochs(t, begin(t, set, b), 0, 1)) {
			t.Error("another seed ends in the same bits")
		}
	})
	mixed := func(factor float64) settings.Search {
		s := tiny("")
		s.SSFactor, s.SSScale, s.Projector = factor, 0.5, "6,5"
		return s
	}
	t.Run("with ss_factor 0 the other settings of self-supervision change nothing", func(t *testing.T) {
		if !reflect.DeepEqual(epochs(t, begin(t, set, mixed(0)), 0, 2), epochs(t, begin(t, set, tiny("")), 0, 2)) {
			t.Error("the other settings change the state")
		}
	})
	t.Run("the loss is the mixture of its terms", func(t *testing.T) {
		s := begin(t, set, mixed(0.25))
		m, err := s.Step(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, level := range []string{"train_", "arch_"} {
			if want := 0.25*0.5*m[level+"bt"] + 0.75*m[level+"ce"]; m[level+"bt"] <= 0 || math.Abs(m[level+"loss"]-want) > 1e-6 {
				t.Errorf("%sloss is %g, want %g: %v", level, m[level+"loss"], want, m)
			}
		}
	})
	t.Run("of both levels, the gradient is the mixture of the terms' gradients", func(t *testing.T) {
		// for gradients g = a + b, the norms determine the cosine of the angle between a and b,
		// which must be at most 1 in size; the heads receive the gradient of one term only
		s := begin(t, set, mixed(0.5))
		for _, l := range []level{ofWeights, ofArchitecture} {
			err := s.batch(l, 1, 0, func(x []*block.Value, y *block.Value) error {
				norms, err := s.compareTerms(l, x, y)
				if err != nil {
					return err
				}
				both, err := sharedNorm(s, l, x, y, 0.5, 0.25)
				a, b := 0.5*norms.ce, 0.25*norms.bt
				if cosine := (both*both - a*a - b*b) / (2 * a * b); norms.ce <= 0 || norms.bt <= 0 || math.Abs(cosine-norms.cosine) > 1e-3 {
					t.Errorf("%s: norms %g, %g and together %g give a cosine of %g, but the reported one is %g", l, a, b, both, cosine, norms.cosine)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("each epoch reports the norms of both terms' gradients, for the architecture unless it is frozen", func(t *testing.T) {
		s := begin(t, set, mixed(0.5))
		for epoch, names := range [][]string{{"ce_grad_norm", "bt_grad_norm"}, {"ce_grad_norm", "bt_grad_norm", "arch_ce_grad_norm", "arch_bt_grad_norm"}} {
			m, _, err := s.EndEpoch(t.Context(), epoch)
			if err != nil || len(m) != 3*len(names)/2 { // and a cosine per pair
				t.Errorf("epoch %d: %v %v", epoch, m, err)
			}
			for _, name := range names {
				if !(m[name] > 0) {
					t.Errorf("epoch %d: %s is %g", epoch, name, m[name])
				}
			}
		}
	})
	t.Run("with ss_factor 1 labels reach nothing but the classifier", func(t *testing.T) {
		other := *set
		other.Train.Labels = make([]uint8, len(set.Train.Labels))
		for i, l := range set.Train.Labels {
			other.Train.Labels[i] = (l + 3) % 10
		}
		a, b := begin(t, set, mixed(1)), begin(t, &other, mixed(1))
		// the split into halves balances labels, so other labels would give other halves
		b.weightsHalf, b.archHalf = a.weightsHalf, a.archHalf
		x, y := epochs(t, a, 0, 2), epochs(t, b, 0, 2)
		for name := range x.Arrays {
			if same, probe := reflect.DeepEqual(x.Arrays[name], y.Arrays[name]), strings.HasSuffix(name, "/classifier"); same == probe {
				t.Errorf("%s: the same %v", name, same)
			}
		}
	})
	t.Run("self-supervised and restored, it ends in the same bits", func(t *testing.T) {
		for _, factor := range []float64{0.5, 1} {
			s := begin(t, set, mixed(factor))
			half := epochs(t, s, 0, 1)
			end := epochs(t, s, 1, 2)
			other := begin(t, set, mixed(factor))
			if err := other.Restore(half); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(epochs(t, other, 1, 2), end) {
				t.Errorf("ss_factor %g: the restored search ends in other bits", factor)
			}
		}
	})
	t.Run("alphas are constant while frozen and move afterwards", func(t *testing.T) {
		s := begin(t, set, tiny(""))
		start := s.arch.Flat()
		epochs(t, s, 0, 1)
		if !reflect.DeepEqual(start, s.arch.Flat()) {
			t.Error("they moved in a frozen epoch")
		}
		epochs(t, s, 1, 2)
		if reflect.DeepEqual(start, s.arch.Flat()) {
			t.Error("they did not move")
		}
	})
}

// sharedNorm returns the norm of the gradient of the weighted sum of the terms.
func sharedNorm(s *Search, l level, x []*block.Value, y *block.Value, ce, bt float64) (float64, error) {
	g, err := s.sharedGradient(l, x, y, ce, bt)
	return normOf(g), err
}
