package cell

import (
	"math"
	"math/rand/v2"
	"testing"
)

// State s has 7^2 * C(2+s, 2) possible pairs of genes: each pair of nodes and each pair of
// operations must occur equally often.
func TestRandomGenotypesAreValidAndUniform(t *testing.T) {
	const draws = 40000
	r := rand.New(rand.NewPCG(1, 2))
	pairs := make([]map[[2]int]int, States)
	for s := range pairs {
		pairs[s] = map[[2]int]int{}
	}
	var operations [2][8]map[string]int
	for c := range operations {
		for i := range operations[c] {
			operations[c][i] = map[string]int{}
		}
	}
	for range draws {
		g := Random(r)
		if err := g.Validate(); err != nil {
			t.Fatal(err)
		}
		for s := range States {
			a, b := g.Normal[2*s].From, g.Normal[2*s+1].From
			if a >= b {
				t.Fatalf("state %d reads from %d and %d: want two nodes in ascending order", s, a, b)
			}
			pairs[s][[2]int{a, b}]++
		}
		for c, genes := range [][]Gene{g.Normal, g.Reduce} {
			for i, gene := range genes {
				operations[c][i][gene.Op]++
			}
		}
	}
	uniform := func(what string, count, kinds int) {
		p := 1 / float64(kinds)
		if deviation := math.Abs(float64(count) - draws*p); deviation > 5*math.Sqrt(draws*p*(1-p)) {
			t.Errorf("%s: %d of %d draws, want about %.0f", what, count, draws, draws*p)
		}
	}
	for s, counts := range pairs {
		want := (Inputs + s) * (Inputs + s - 1) / 2
		if len(counts) != want {
			t.Errorf("state %d: %d pairs of nodes occur, want %d", s, len(counts), want)
		}
		if want > 1 {
			for pair, n := range counts {
				uniform(string(rune('0'+pair[0]))+string(rune('0'+pair[1])), n, want)
			}
		}
	}
	for _, genes := range operations {
		for _, counts := range genes {
			if len(counts) != len(Primitives)-1 {
				t.Errorf("operations are %v, want all but none", counts)
			}
			for op, n := range counts {
				uniform(op, n, len(Primitives)-1)
			}
		}
	}
}

func TestTheSameSeedDrawsTheSameGenotype(t *testing.T) {
	draw := func(seed uint64) string { return Random(rand.New(rand.NewPCG(seed, 0))).Python() }
	first, again := draw(1), draw(1)
	if again != first || draw(2) == first {
		t.Error("want one genotype per seed")
	}
}
