package supernet

import (
	"math"
	"testing"
)

func TestBetaDecay(t *testing.T) {
	t.Run("for equal alphas it is the logarithm of their number, and its gradient is the same for all", func(t *testing.T) {
		loss, g := equal(true).BetaDecay()
		if math.Abs(loss-math.Log(8)) > 1e-12 {
			t.Errorf("%g, want ln 8", loss)
		}
		for i, x := range g {
			want := 1.0 / 8 / 28
			if i >= 2*14*8 {
				want = 0 // betas
			}
			if math.Abs(float64(x)-want) > 1e-9 {
				t.Fatalf("gradient %d is %g, want %g", i, x, want)
			}
		}
		if len(g) != 2*14*8+2*14 {
			t.Errorf("%d gradients", len(g))
		}
	})
	t.Run("its gradient is its slope", func(t *testing.T) {
		a := equal(false)
		flat := a.Flat()
		for i := range flat {
			flat[i] = float32(2 * math.Sin(float64(i)))
		}
		a.SetFlat(flat)
		_, g := a.BetaDecay()
		const h = 1e-2
		for i := range flat {
			at := flat[i]
			flat[i] = at + h
			a.SetFlat(flat)
			up, _ := a.BetaDecay()
			flat[i] = at - h
			a.SetFlat(flat)
			down, _ := a.BetaDecay()
			flat[i] = at
			if slope := (up - down) / (2 * h); math.Abs(slope-float64(g[i])) > 1e-6 {
				t.Fatalf("alpha %d: slope %g, gradient %g", i, slope, g[i])
			}
		}
	})
}
