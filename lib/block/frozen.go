package block

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Frozen puts a trained network into one graph: the calls of network on the inputs in, in
// evaluation mode. Weights and running statistics are constants of the graph, taken from params.
// The graph has standard operations only: no kernels of package customcall, no marks for a backward
// pass. Exports write it, and tests compare executables with it.
//
// Images among the inputs are float32 and ordered as layout says. If native is true, convolutions
// are the backend's own. Otherwise they are sums of shifted images, which every backend can
// compute.
//
// Frozen returns the outputs of network. It panics if params has no weights for a label.
func Frozen(layout Layout, native bool, params []*Param, in []*Node, network func(r Runner, in []*Value) []*Value) []*Node {
	f := &frozen{lowering: Lowering{Layout: layout, Plain: true, Native: native}, params: map[string]*Param{}}
	for _, p := range params {
		f.params[p.Label] = p
	}
	values := Sums(len(in))
	for i, n := range in {
		f.graph, values[i].node = n.Graph(), n
	}
	var nodes []*Node
	for _, v := range network(f, values) {
		nodes = append(nodes, v.node)
	}
	return nodes
}

// frozen is a runner that adds each call to a graph.
type frozen struct {
	graph    *Graph
	lowering Lowering
	params   map[string]*Param
}

// Call implements Runner.
func (f *frozen) Call(label string, b *Block, in, into []*Value) []*Value {
	c := &Ctx{mode: Evaluate, part: whole, devices: 1, lowering: f.lowering}
	var w []*Node
	if b.size() > 0 || b.stats() > 0 {
		p := f.params[label]
		if p == nil || len(p.Running) != b.stats() || p.Trainable() != (b.size() > 0) {
			exceptions.Panicf("there are no weights for %q, of block %q", label, b.Name)
		}
		if b.size() > 0 {
			w = sliced(Const(f.graph, p.Value.Floats()), b.weights())
		}
		if b.stats() > 0 {
			c.running = sliced(Const(f.graph, p.SyncRunning()), b.running())
		}
	}
	nodes := make([]*Node, len(in))
	for i, v := range in {
		nodes[i] = v.node
	}
	out := b.Fn(c, nodes, w)
	if into == nil {
		into = Sums(len(out))
	}
	for i, o := range out {
		into[i].node = plus(into[i].node, o)
	}
	return into
}
