package supernet

import (
	"math"
	"reflect"
	"testing"

	"github.com/essnas/essnas/lib/cell"
)

// equal returns an architecture whose alphas and betas are all 0.
func equal(partial bool) *Arch {
	a := NewArch(FullSpace(), partial, 1)
	a.SetFlat(make([]float32, len(a.Flat())))
	return a
}

func set(a *Arch, typ, edge int, op string, alpha float32) {
	for o, name := range cell.Primitives {
		if name == op {
			a.Alpha[typ][edge][o] = alpha
		}
	}
}

func TestDerive(t *testing.T) {
	t.Run("the strongest edges and operations win, none never does", func(t *testing.T) {
		a := equal(false)
		set(a, 0, 0, "sep_conv_3x3", 1)  // 0-2
		set(a, 0, 1, "dil_conv_5x5", 2)  // 1-2
		set(a, 0, 3, "none", 9)          // 1-3: makes all other operations of the edge weak
		set(a, 0, 4, "avg_pool_3x3", 1)  // 2-3
		set(a, 0, 13, "skip_connect", 3) // 4-5
		g := a.Derive(0)
		want := []cell.Gene{
			{Op: "dil_conv_5x5", From: 1}, {Op: "sep_conv_3x3", From: 0},
			{Op: "avg_pool_3x3", From: 2}, {Op: "max_pool_3x3", From: 0}, // ties: the earlier
			{Op: "max_pool_3x3", From: 0}, {Op: "max_pool_3x3", From: 1},
			{Op: "skip_connect", From: 4}, {Op: "max_pool_3x3", From: 0},
		}
		if !reflect.DeepEqual(g.Normal, want) {
			t.Errorf("got %v, want %v", g.Normal, want)
		}
		if err := g.Validate(); err != nil {
			t.Error(err)
		}
	})
	t.Run("betas choose between edges, not between operations", func(t *testing.T) {
		a := equal(true)
		set(a, 1, 2, "sep_conv_5x5", 0.1) // 0-3
		a.Beta[1][4] = 5                  // 2-3
		g := a.Derive(0)
		if g.Reduce[2] != (cell.Gene{Op: "max_pool_3x3", From: 2}) || g.Reduce[3] != (cell.Gene{Op: "sep_conv_5x5", From: 0}) {
			t.Errorf("got %v", g.Reduce)
		}
	})
	t.Run("the skip limit replaces the weakest skips by the next operations of their edges", func(t *testing.T) {
		a := equal(false)
		for e := range cell.Edges {
			set(a, 0, e, "skip_connect", 4-0.1*float32(e))
			set(a, 0, e, "dil_conv_3x3", 1)
			set(a, 1, e, "skip_connect", 1)
		}
		skips := func(limit int) (n int) {
			for _, g := range a.Derive(limit).Normal {
				if g.Op == "skip_connect" {
					n++
				} else if g.Op != "dil_conv_3x3" {
					t.Errorf("limit %d: %v", limit, g)
				}
			}
			return
		}
		for limit, want := range []int{8, 1, 2, 3} {
			if got := skips(limit); got != want {
				t.Errorf("limit %d leaves %d skips", limit, got)
			}
		}
		if g := a.Derive(2).Normal; g[0] != (cell.Gene{Op: "skip_connect", From: 0}) || g[1] != (cell.Gene{Op: "skip_connect", From: 1}) {
			t.Errorf("the strongest skips did not stay: %v", g)
		}
		for _, g := range a.Derive(1).Reduce {
			if g.Op != "skip_connect" {
				t.Errorf("the limit applied to the reduction cell: %v", g)
			}
		}
	})
}

func TestKeep(t *testing.T) {
	a := equal(false)
	for o := range cell.Primitives {
		a.Alpha[0][0][o] = float32((o * 3) % 8) // 0 3 6 1 4 7 2 5
	}
	set(a, 1, 5, "none", 9)
	kept := a.Keep(3)
	if want := []string{"avg_pool_3x3", "sep_conv_5x5", "dil_conv_5x5"}; !reflect.DeepEqual(kept[0][0], want) {
		t.Errorf("kept %v, want the three largest in their order, %v", kept[0][0], want)
	}
	if want := []string{"sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"}; !reflect.DeepEqual(kept[0][1], want) {
		t.Errorf("among equal weights the earlier are dropped: kept %v, want %v", kept[0][1], want)
	}
	if kept[1][5][0] != "none" {
		t.Errorf("a strong none stays between phases: kept %v", kept[1][5])
	}
	if last := a.Keep(1); last[1][5][0] == "none" {
		t.Error("none is the last operation left")
	}
}

func TestArchGradientIsTheSlopeOfTheMixing(t *testing.T) {
	for _, partial := range []bool{false, true} {
		a := NewArch(FullSpace(), partial, 3)
		a.Auxiliary = 0.7
		flat := a.Flat()
		for i := range flat {
			flat[i] = float32(math.Sin(float64(i)))
		}
		a.SetFlat(flat)
		// the loss is a weighted sum of all mixing weights, each with a different factor
		loss := func() (sum float64) {
			i := 0.0
			for typ := range a.Alpha {
				norm := a.EdgeNorm(typ)
				for e := range a.Alpha[typ] {
					for o, p := range a.OperationWeights(typ, e) {
						if i++; cell.Primitives[o] != "none" {
							sum += math.Cos(i) * p * norm[e]
						}
					}
					if i++; partial {
						sum += math.Cos(i)*norm[e] + math.Sin(i)*a.Auxiliary*norm[e]
					}
				}
			}
			return
		}
		got := a.gradient(func(typ, e, o int) float64 {
			i := float64((typ*cell.Edges+e)*(len(cell.Primitives)+1) + o + 2)
			if o < 0 {
				i = float64((typ*cell.Edges + e + 1) * (len(cell.Primitives) + 1))
			} else {
				i--
			}
			if o == auxiliary {
				return math.Sin(i)
			}
			return math.Cos(i)
		})
		for i := range flat {
			const h = 1e-2
			at := flat[i]
			flat[i] = at + h
			a.SetFlat(flat)
			up := loss()
			flat[i] = at - h
			a.SetFlat(flat)
			slope := (up - loss()) / (2 * h)
			flat[i] = at
			a.SetFlat(flat)
			if math.Abs(slope-float64(got[i])) > 1e-4 {
				t.Fatalf("partial %v, parameter %d: slope %g, gradient %g", partial, i, slope, got[i])
			}
		}
	}
}
