package feature

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/score"
	"github.com/janpfeifer/must"
)

// features is testdata/features.json, written by features.py.
type features struct {
	X, Q [][]float32
	Y    []uint8
	KNN  []struct {
		K           int
		Temperature float64
		P           [][]float64
	}
	Linear []struct {
		L2 float64
		P  [][]float64
	}
}

func (f *features) UnmarshalJSON(text []byte) error {
	type plain features
	var with struct {
		*plain
		Y []int
	}
	with.plain = (*plain)(f)
	if err := json.Unmarshal(text, &with); err != nil {
		return err
	}
	for _, y := range with.Y {
		f.Y = append(f.Y, uint8(y))
	}
	return nil
}

func TestNeighboursVoteAsScikitLearns(t *testing.T) {
	var f features
	must.M(json.Unmarshal(must.M1(os.ReadFile("testdata/features.json")), &f))
	near, err := Nearest(t.Context(), backendtest.Open(t).Backend, f.X, f.Q, len(f.X))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.KNN {
		compare(t, fmt.Sprintf("k %d, temperature %g", c.K, c.Temperature), near.Vote(f.Y, 3, c.K, c.Temperature), c.P, 1e-5)
	}
}

func TestTheLinearClassifierIsScikitLearns(t *testing.T) {
	var f features
	must.M(json.Unmarshal(must.M1(os.ReadFile("testdata/features.json")), &f))
	var last *Linear
	for _, c := range f.Linear {
		cold := must.M1(FitLinear(t.Context(), f.X, f.Y, 3, c.L2, nil))
		// starts from the weights of the previous fit
		last = must.M1(FitLinear(t.Context(), f.X, f.Y, 3, c.L2, last))
		for name, l := range map[string]*Linear{"cold": cold, "warm": last} {
			p := make([][]float32, len(f.Q))
			for i, row := range l.Logits(f.Q) {
				for _, x := range score.Softmax(row) {
					p[i] = append(p[i], float32(x))
				}
			}
			compare(t, fmt.Sprintf("l2 %g, %s", c.L2, name), p, c.P, 1e-4)
		}
	}
}

func compare(t *testing.T, name string, got [][]float32, want [][]float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", name, len(got), len(want))
	}
	for i := range want {
		for c := range want[i] {
			if math.Abs(float64(got[i][c])-want[i][c]) > tolerance {
				t.Errorf("%s: row %d, class %d has %g, want %g", name, i, c, got[i][c], want[i][c])
			}
		}
	}
}

// More queries than one call compares, against a sort of all similarities in float64.
func TestNearestAreTheNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	rows := func(n int) (x [][]float32) {
		for range n {
			x = append(x, []float32{float32(r.NormFloat64()), float32(r.NormFloat64()), float32(r.NormFloat64())})
		}
		return
	}
	bank, queries := rows(50), rows(together+7)
	near := must.M1(Nearest(t.Context(), backendtest.Open(t).Backend, bank, queries, 5))
	for q := range queries {
		similarity := make([]float64, len(bank))
		for i := range bank {
			var dot, a, b float64
			for j := range 3 {
				x, y := float64(bank[i][j]), float64(queries[q][j])
				dot, a, b = dot+x*y, a+x*x, b+y*y
			}
			similarity[i] = dot / math.Sqrt(a*b)
		}
		for j, want := range score.TopK(similarity, 5) {
			if got := near.Index[q][j]; math.Abs(similarity[got]-similarity[want]) > 1e-6 || math.Abs(float64(near.Similarity[q][j])-similarity[want]) > 1e-6 {
				t.Fatalf("query %d: neighbour %d is %d, want %d", q, j, got, want)
			}
		}
	}
}

func TestOfEquallySimilarRowsTheFirstComesFirst(t *testing.T) {
	index, top := largest([]float32{1, 3, 2, 3, 3, 0}, 4)
	if !slices.Equal(index, []int32{1, 3, 4, 2}) || !slices.Equal(top, []float32{3, 3, 3, 2}) {
		t.Errorf("%v %v", index, top)
	}
	if index, _ := largest([]float32{2, 2, 2}, 2); !slices.Equal(index, []int32{0, 1}) {
		t.Errorf("%v", index)
	}
}

func TestFeaturesThatCantBeComparedAreTold(t *testing.T) {
	b := backendtest.Open(t).Backend
	one := [][]float32{{1, 2}}
	for says, f := range map[string]func() error{
		"neighbours of 0 rows": func() error { _, err := Nearest(t.Context(), b, nil, one, 1); return err },
		"row 0 has 3 features": func() error { _, err := Nearest(t.Context(), b, one, [][]float32{{1, 2, 3}}, 1); return err },
		"row 0 has a feature of N": func() error {
			_, err := Nearest(t.Context(), b, one, [][]float32{{1, float32(math.NaN())}}, 1)
			return err
		},
		"a positive l2": func() error { _, err := FitLinear(t.Context(), one, []uint8{0}, 2, 0, nil); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}

func TestNeighboursAndClassifiersHearACancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x := [][]float32{{1, 2}, {3, 1}, {0, 2}, {2, 2}}
	if _, err := Nearest(ctx, backendtest.Open(t).Backend, x, x, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("neighbours: %v", err)
	}
	if _, err := FitLinear(ctx, x, []uint8{0, 1, 0, 1}, 2, 0.1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a classifier: %v", err)
	}
}
