package cell

import (
	"math/rand/v2"
	"testing"
)

// skipping returns shares of cells with four states in the space of DARTS; every edge prefers its
// skip connection.
func skipping(seed uint64) (s Shares) {
	r := rand.New(rand.NewPCG(seed, 0))
	for typ := range s.Alphas {
		for range DARTS().Edges() {
			row := make([]float64, len(Primitives))
			for o, name := range Primitives {
				row[o] = r.Float64() / 10
				if IsSkip(name) {
					row[o] += 0.3
				}
			}
			s.Alphas[typ] = append(s.Alphas[typ], row)
			s.Betas[typ] = append(s.Betas[typ], 0.1+r.Float64())
			s.Operations[typ] = append(s.Operations[typ], Primitives)
		}
	}
	return s
}

func TestALimitHoldsForEveryNumberOfSkips(t *testing.T) {
	for seed := range uint64(20) {
		s := skipping(seed)
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		if n := Skips(s.Derive(NoLimit).Normal); n != 8 {
			t.Fatalf("%d skip connections without a limit, want 8", n)
		}
		for limit := range 9 {
			g := s.Derive(limit)
			if err := g.Validate(); err != nil {
				t.Fatal(err)
			}
			if n := Skips(g.Normal); n != limit {
				t.Errorf("seed %d, limit %d: %d skip connections", seed, limit, n)
			}
			if Skips(g.Reduce) != 8 {
				t.Errorf("seed %d, limit %d: the reduction cell has changed", seed, limit)
			}
		}
	}
}

func TestSharesThatAreNoCellsAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Shares){
		"an edge too few":  func(s *Shares) { s.Alphas[0] = s.Alphas[0][1:] },
		"a beta too few":   func(s *Shares) { s.Betas[1] = s.Betas[1][1:] },
		"an alpha too few": func(s *Shares) { s.Alphas[1][3] = s.Alphas[1][3][1:] },
		"nothing but none": func(s *Shares) { s.Alphas[0][0], s.Operations[0][0] = []float64{1}, []string{None} },
		"cells of two sizes": func(s *Shares) {
			s.Alphas[0], s.Betas[0], s.Operations[0] = s.Alphas[0][:9], s.Betas[0][:9], s.Operations[0][:9]
		},
		"none": func(s *Shares) { *s = Shares{} },
	} {
		s := skipping(1)
		spoil(&s)
		if s.Check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
