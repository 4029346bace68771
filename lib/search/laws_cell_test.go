package search

import (
	"math"
	"reflect"
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
)

// withAlphas sets alphas and betas to values between -1 and 1, and the alphas of all skip
// connections to skip.
func withAlphas(t *testing.T, s *Search, skip float64) {
	t.Helper()
	restore(t, s, func(state fit.State) {
		flat := state.Arrays["architecture"].F32
		for i := range flat {
			flat[i] = float32(math.Sin(float64(i)))
		}
		for e := range 2 * cell.Edges {
			for o, name := range cell.Primitives {
				if name == "skip_connect" {
					flat[e*len(cell.Primitives)+o] = float32(skip)
				}
			}
		}
	})
}

// If skip connections are the strongest operations of all edges, the derived normal cell has
// exactly skip_limit of them, at the end and in the details of each epoch.
func TestTheFoundCellKeepsTheSkipLimit(t *testing.T) {
	for limit, want := range map[int]int{0: 2 * cell.States, 1: 1, 2: 2} {
		s := small(t, parity.Pictures(32, 1, 8, 3), func(s *settings.Search) { s.SkipLimit = limit })
		withAlphas(t, s, 5)
		_, details, err := s.EndEpoch(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		g := s.Genotype()
		if got := cell.Skips(g.Normal); got != want || !reflect.DeepEqual(details["genotype"], g) {
			t.Errorf("limit %d: the normal cell has %d skip connections, want %d; the details contain %v", limit, got, want, details["genotype"])
		}
	}
}

// The details of an epoch contain, for both types of cells, the softmax of the alphas of each edge
// and of the betas of each state's edges.
func TestTheDetailsAreSoftmaxesOfEdgesAndOfStates(t *testing.T) {
	s := small(t, parity.Pictures(32, 1, 8, 3), func(*settings.Search) {})
	withAlphas(t, s, 0.5)
	flat := stateOf(t, s).Arrays["architecture"].F32
	_, details, err := s.EndEpoch(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	softmax := func(x []float32) (p []float64) {
		sum := 0.
		for _, v := range x {
			sum += math.Exp(float64(v))
		}
		for _, v := range x {
			p = append(p, math.Exp(float64(v))/sum)
		}
		return p
	}
	alphas, betas := reflect.ValueOf(details["alphas"]), reflect.ValueOf(details["betas"])
	n, at := len(cell.Primitives), 2*cell.Edges*len(cell.Primitives)
	for typ := range 2 {
		for e := range cell.Edges {
			want := softmax(flat[(typ*cell.Edges+e)*n:][:n])
			for o, w := range want {
				if got := alphas.Index(typ).Index(e).Index(o).Float(); math.Abs(got-w) > 1e-6 {
					t.Fatalf("type %d, edge %d: %s has %g, want %g", typ, e, cell.Primitives[o], got, w)
				}
			}
		}
		for state, e := 0, 0; state < cell.States; state++ {
			enter := cell.Inputs + state
			for i, w := range softmax(flat[at : at+enter]) {
				if got := betas.Index(typ).Index(e + i).Float(); math.Abs(got-w) > 1e-6 {
					t.Fatalf("type %d, edge %d has %g, want %g", typ, e+i, got, w)
				}
			}
			e, at = e+enter, at+enter
		}
	}
}

// DARTS has no edge normalisation: without partial channels there are no betas, and the norm of
// every edge is 1.
func TestWithoutPartialChannelsThereAreNoBetas(t *testing.T) {
	for k, want := range map[int]int{1: 2 * cell.Edges * len(cell.Primitives), 2: 2 * cell.Edges * (len(cell.Primitives) + 1)} {
		s := small(t, parity.Pictures(32, 1, 8, 3), func(s *settings.Search) { s.Partial = k })
		if got := len(stateOf(t, s).Arrays["architecture"].F32); got != want {
			t.Errorf("k %d: %d alphas and betas, want %d", k, got, want)
		}
	}
}

// ss_balance is the number of steps between measurements: in between the factors stay constant.
func TestABalanceStaysUntilItIsMeasuredAgain(t *testing.T) {
	of := func(every int) (balances [][2]float64) {
		s := small(t, parity.Pictures(64, 1, 8, 3), func(s *settings.Search) { s.SSFactor, s.SSBalance, s.Frozen = 0.5, every, 0 })
		for step := range 4 {
			m, _ := stepped(t, s, 0, step)
			balances = append(balances, [2]float64{m["train_balance"], m["arch_balance"]})
		}
		return balances
	}
	for every, same := range map[int][3]bool{1: {}, 2: {true, false, true}, 4: {true, true, true}} {
		b := of(every)
		for step := 1; step < 4; step++ {
			for level := range 2 {
				if stays := b[step][level] == b[step-1][level]; stays != same[step-1] {
					t.Errorf("measured every %d steps, the balances are %v", every, b)
				}
			}
		}
	}
}
