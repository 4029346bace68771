package backend

import (
	"sync"
	"testing"

	"github.com/essnas/essnas/lib/backend/pjrt"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestWhatIsInMemoryIsNotLoadedAgain(t *testing.T) {
	b, err := Open(t.Context(), Options{Choice: CPU})
	if err != nil {
		t.Fatal(err)
	}
	in := tensors.FromFlatDataAndDimensions([]float32{1, 2, 3}, 3)
	defer in.MustFinalizeAll()
	compile := func() *graph.Graph {
		g := graph.NewGraph(b.Backend, "shared")
		x := graph.Parameter(g, "x", in.Shape())
		if err := g.Compile(graph.ReduceAllSum(graph.Mul(x, graph.AddScalar(x, 12345)))); err != nil {
			t.Error(err)
		}
		return g
	}
	value := func(g *graph.Graph) float32 {
		out := g.Run(in)[0]
		defer out.MustFinalizeAll()
		return out.Value().(float32)
	}
	const want = 1*12346 + 2*12347 + 3*12348
	one := compile()
	before := b.Stats()
	two := compile()
	if s := b.Stats(); s.Shared-before.Shared != 1 || s.Loaded != before.Loaded || s.Compiled != before.Compiled {
		t.Errorf("a program that is there was compiled or loaded: %+v, then %+v", before, s)
	}
	one.Finalize()
	if v := value(two); v != want {
		t.Errorf("after its first user went, the program gives %v, want %d", v, want)
	}
	two.Finalize()
	three := compile()
	if s := b.Stats(); s.Shared-before.Shared != 2 || value(three) != want {
		t.Errorf("a program without users was not kept: %+v, then %+v", before, s)
	}
	three.Finalize()
	pjrt.Trim()
	four := compile()
	defer four.Finalize()
	if s := b.Stats(); s.Loaded+s.Compiled != before.Loaded+before.Compiled+1 || value(four) != want {
		t.Errorf("a program is there after it was freed: %+v, then %+v", before, s)
	}
	var all sync.WaitGroup // users come and go
	for range 8 {
		all.Go(func() {
			for range 20 {
				g := compile()
				if v := value(g); v != want {
					t.Errorf("with others at a time the program gives %v, want %d", v, want)
				}
				g.Finalize()
			}
		})
		all.Go(pjrt.Trim)
	}
	all.Wait()
}
