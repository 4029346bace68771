package customcall

import (
	"fmt"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// attached holds the backends whose programs pass through Install.
var attached sync.Map

// Attach declares that the programs of a backend pass through [Install], so that its graphs may use
// [Call].
func Attach(b compute.Backend) { attached.Store(b, true) }

// On reports whether a graph can call kernels.
func On(g *Graph) bool {
	_, ok := attached.Load(g.Backend())
	return ok
}

// Call computes outputs of the shapes out from in by a kernel. numbers are the kernel's parameters.
// [On] must be true for the graph. No gradient passes through a kernel.
//
// In the graph it is a call of a function with a body of zeros; [Install] replaces the body by the
// kernel.
func Call(name string, numbers []int, in []*Node, out ...shapes.Shape) []*Node {
	g := in[0].Graph()
	var text []string
	for _, n := range numbers {
		text = append(text, fmt.Sprint(n))
	}
	// The shapes differ between functions of one graph, so their names must differ, too.
	f := NewFunction(g, g.UniqueName(fmt.Sprintf("essnas_%s__%s__", name, strings.Join(text, "_"))), func(g *Graph) []*Node {
		for i, x := range in {
			Parameter(g, fmt.Sprintf("a%d", i), x.Shape())
		}
		var zeros []*Node
		for _, s := range out { // Zeros would keep the constants for the whole graph
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
