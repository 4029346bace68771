package memory_test

import (
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/memory"
	"github.com/essnas/essnas/lib/run"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

func TestNeed(t *testing.T) {
	const weights, batch = 5 * 1000, 200
	layer := &block.Block{
		Name: "layer", In: []shapes.Shape{block.Floats(5, batch)}, Weights: []block.Weight{{Name: "w", Dims: []int{1000, 5}}},
		Fn: func(c *block.Ctx, in, w []*Node) []*Node {
			return []*Node{c.Site(in[0], func(x *Node) *Node { return DotGeneral(w[0], []int{1}, nil, x, []int{0}, nil) })}
		},
	}
	pass := block.Pass{Mode: block.Evaluate, Network: func(r block.Runner) []*block.Value { return r.Call("layer", layer, []*block.Value{{}}, nil) }}
	set := &data.Set{Train: data.Images{Pixels: make([]byte, 700)}, Test: data.Images{Pixels: make([]byte, 300)}}
	e := block.NewEngine(backendtest.Open(t).Backend)
	need := func(moments int, passes ...block.Pass) run.Need {
		n, err := memory.Of(e, set, moments, passes...)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := need(2, pass)
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"images on the host", n.Images, 1000},
		{"training images on the device", n.Pictures, 700},
		{"weights", n.Pass.Weights, 4 * weights},
		{"two moments for each weight", n.Moments, 2 * 4 * weights},
		{"a checkpoint of both", n.Save, 3 * 4 * weights},
		{"inputs", n.Pass.Inputs, 4 * 5 * batch},
		{"outputs", n.Pass.Arrays, 4 * 1000 * batch},
		{"another pass of the same, one after the other", need(2, pass, pass).Total, n.Total},
		{"nothing to remember", n.Total - need(0, pass).Total, 2 * 2 * 4 * weights},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d bytes, want %d", c.what, c.got, c.want)
		}
	}
	if sum := n.Process + n.Images + n.Pictures + n.Moments + n.Save + n.Pass.Total(); n.Total <= sum || n.Total > sum+n.Pass.Arrays/2 {
		t.Errorf("%d bytes in all, the parts are %d", n.Total, sum)
	}
}

func TestRoom(t *testing.T) {
	held, peak := memory.Held(), memory.Peak()
	if held < 1<<20 || peak < held/2 {
		t.Errorf("this process holds %d bytes, and held %d at most", held, peak)
	}
	room, ok := memory.Room(backendtest.Open(t))
	if !ok || room < held {
		t.Errorf("there is room for %d bytes (%v), of which %d are taken", room, ok, held)
	}
}
