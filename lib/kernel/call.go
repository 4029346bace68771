package kernel

import (
	"fmt"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// attached are the backends whose programs go through Install.
var attached sync.Map

// Attach says that programs of a backend go through Install, so that Call can be used in its graphs.
func Attach(b compute.Backend) { attached.Store(b, true) }

// On says whether kernels can be called in a graph.
func On(g *Graph) bool {
	_, ok := attached.Load(g.Backend())
	return ok
}

// Call computes outputs of these shapes by a kernel, in a graph that On is true of. numbers are the kernel's own. There is no gradient
// through it.
//
// In the graph it is a call of a function whose body is zeros; Install puts the kernel into it.
func Call(name string, numbers []int, in []*Node, out ...shapes.Shape) []*Node {
	g := in[0].Graph()
	var text []string
	for _, n := range numbers {
		text = append(text, fmt.Sprint(n))
	}
	// Functions of one graph need different names: they differ in shapes.
	f := NewFunction(g, g.UniqueName(fmt.Sprintf("essnas_%s__%s__", name, strings.Join(text, "_"))), func(g *Graph) []*Node {
		for i, x := range in {
			Parameter(g, fmt.Sprintf("a%d", i), x.Shape())
		}
		var zeros []*Node
		for _, s := range out { // not by Zeros, which keeps constants for the whole graph
			zeros = append(zeros, BroadcastPrefix(ConstTensor(g, tensors.FromShape(shapes.Make(s.DType))), s.Dimensions...))
		}
		return zeros
	})
	results := f.Call(in...)
	for i := range results {
		results[i] = StopGradient(results[i])
	}
	return results
}
