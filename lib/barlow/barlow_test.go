package barlow

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/block/blocktest"
	"github.com/essnas/essnas/lib/settings"
	"github.com/gomlx/gomlx/core/tensors"
)

// loss returns the loss of two embeddings with one feature per row.
func loss(t *testing.T, e *block.Engine, a, b [][]float32, lambda float64) float64 {
	t.Helper()
	d, n := len(a), len(a[0])
	value := func(z [][]float32) *block.Value {
		var flat []float32
		for _, row := range z {
			flat = append(flat, row...)
		}
		return block.NewValue(tensors.FromFlatDataAndDimensions(flat, d, n))
	}
	tape := block.NewTape(e, nil, block.Train, block.None)
	defer tape.Close()
	out := tape.Call("", Loss(d, n, lambda), []*block.Value{value(a), value(b)}, nil)[0].Hold()
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	return float64(out.Floats()[0])
}

func noise(d, n int, seed uint64) [][]float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	z := make([][]float32, d)
	for i := range z {
		for range n {
			z[i] = append(z[i], float32(r.NormFloat64()))
		}
	}
	return z
}

func TestLoss(t *testing.T) {
	e := block.NewEngine(backendtest.Open(t).Backend)
	orthogonal := [][]float32{{1, 1, -1, -1}, {1, -1, 1, -1}} // mean 0, variance 1, uncorrelated
	for _, c := range []struct {
		law    string
		a, b   [][]float32
		lambda float64
		want   float64
	}{
		{"equal, uncorrelated views cost nothing", orthogonal, orthogonal, 0.5, 0},
		{"opposite views cost 4 a feature", orthogonal, [][]float32{{-1, -1, 1, 1}, {-1, 1, -1, 1}}, 0.5, 8},
		{"swapped features cost 1 + lambda each", orthogonal, [][]float32{orthogonal[1], orthogonal[0]}, 0.5, 3},
		{"one feature twice costs 2 lambda", [][]float32{orthogonal[0], orthogonal[0]}, [][]float32{orthogonal[0], orthogonal[0]}, 0.25, 0.5},
		{"without lambda redundancy is free", [][]float32{orthogonal[0], orthogonal[0]}, [][]float32{orthogonal[0], orthogonal[0]}, 0, 0},
	} {
		t.Run(c.law, func(t *testing.T) {
			if got := loss(t, e, c.a, c.b, c.lambda); math.Abs(got-c.want) > 1e-4 {
				t.Errorf("loss %g, want %g", got, c.want)
			}
		})
	}
	a, b := noise(3, 8, 1), noise(3, 8, 2)
	want := loss(t, e, a, b, settings.Lambda)
	near := func(got float64) bool { return math.Abs(got-want) < 1e-3*want }
	t.Run("views may change places", func(t *testing.T) {
		if got := loss(t, e, b, a, settings.Lambda); !near(got) {
			t.Errorf("loss %g, want %g", got, want)
		}
	})
	t.Run("scale and offset of a feature don't matter", func(t *testing.T) {
		moved := noise(3, 8, 1)
		for i, row := range moved {
			for j := range row {
				row[j] = row[j]*float32(i+2) - float32(3*i)
			}
		}
		if got := loss(t, e, moved, b, settings.Lambda); !near(got) {
			t.Errorf("loss %g, want %g", got, want)
		}
	})
	t.Run("the sign of a feature does", func(t *testing.T) {
		flipped := noise(3, 8, 1)
		for j := range flipped[0] {
			flipped[0][j] *= -1
		}
		if got := loss(t, e, flipped, b, settings.Lambda); near(got) {
			t.Errorf("loss %g with either sign", got)
		}
	})
}

func TestGradients(t *testing.T) {
	e := block.NewEngine(backendtest.Open(t).Backend)
	for _, b := range []*block.Block{Loss(5, 8, settings.Lambda), Projector(6, []int{4}, 8), Projector(6, []int{5, 5, 4}, 8)} {
		t.Run(b.Name, func(t *testing.T) { blocktest.Gradients(t, e, b) })
	}
}
