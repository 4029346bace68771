package backend

import (
	"os"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backend/pjrt"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestARehearsalWaitsForWhatIsReadOnly: a chain of long executions, each of which reads the donated
// array of the one before, gives the result of a CPU. Only the final result is waited for, and it
// is right although the arrays between were freed long before.
func TestARehearsalWaitsForWhatIsReadOnly(t *testing.T) {
	const n, links = 300, 20
	chain := func(choice Choice) (result []float32, c pjrt.Counts) {
		b, err := Open(t.Context(), Options{Choice: choice})
		if err != nil {
			t.Fatal(err)
		}
		if shared := b.Backend.HasSharedBuffers(); shared != (choice == CPU) {
			t.Errorf("%s: shared buffers: %v", choice, shared)
		}
		g := graph.NewGraph(b.Backend, "link")
		x := tensors.FromFlatDataAndDimensions(make([]float32, n*n), n, n)
		defer x.MustFinalizeAll()
		tensors.MustMutableFlatData(x, func(flat []float32) {
			for i := range flat {
				flat[i] = float32(i%7) - 3
			}
		})
		p := graph.Parameter(g, "x", x.Shape())
		if err := g.Compile(graph.Tanh(graph.Dot(p, graph.OneMinus(p)).Product())); err != nil {
			t.Fatal(err)
		}
		before := b.Counts()
		y := g.Run(x)[0]
		for range links - 1 {
			next := g.Run(y)[0]
			y.MustFinalizeAll()
			y = next
		}
		// what was uploaded is the device's own
		tensors.MustMutableFlatData(x, func(flat []float32) { clear(flat) })
		result = tensors.MustCopyFlatData[float32](y)
		y.MustFinalizeAll()
		after := b.Counts()
		return result, pjrt.Counts{Executions: after.Executions - before.Executions, Waits: after.Waits - before.Waits, Uploads: after.Uploads - before.Uploads}
	}
	want, cpu := chain(CPU)
	got, rehearsal := chain(Rehearsal)
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%d: %g, on a CPU %g", i, got[i], want[i])
		}
	}
	if cpu.Executions != links || cpu.Waits < links {
		t.Errorf("on a CPU %+v", cpu)
	}
	// for the result
	if rehearsal.Executions != links || rehearsal.Uploads != 1 || rehearsal.Waits != 1 {
		t.Errorf("in a rehearsal %+v", rehearsal)
	}
}

func TestChoicesOutliveARun(t *testing.T) {
	file := t.TempDir() + "/choices/device.json"
	ways := []string{"a", "b"}
	c := NewChoices(nil, file)
	c.Set("here", "b")
	c.Set("here", "a") // it is chosen already
	if err := c.Remember(map[string]string{"here": "b", "there": "c"}); err != nil {
		t.Fatal(err)
	}
	next := NewChoices(map[string]string{"mine": "a"}, file)
	// c is no way of this version
	for place, want := range map[string]string{"here": "b", "mine": "a", "there": "", "nowhere": ""} {
		if way, known := next.Of(place, ways); way != want || known != (want != "") {
			t.Errorf("%s: %q, %v", place, way, known)
		}
	}
	if all := next.All(); len(all) != 2 || all["here"] != "b" {
		t.Errorf("the run has chosen %v", all)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, known := NewChoices(nil, file).Of("here", ways); known {
		t.Error("a damaged file is known")
	}
	if text := strings.Repeat("x", 3); NewChoices(nil, "").Remember(map[string]string{text: text}) != nil {
		t.Error("without a file there is nothing to keep")
	}
}
