package supernet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/ops"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Span is the part of the network that one executable computes.
type Span int

const (
	// Edges: an edge with all its operations. Steps are fastest.
	Edges Span = iota
	// Operations: one operation. There are more calls, but the executables serve every subset of
	// operations.
	Operations
)

// Space holds the operations on each edge of each cell type: [type][edge][operation].
type Space [2][][]string

// FullSpace returns the DARTS operations for every edge.
func FullSpace() Space { return UniformSpace(cell.DARTS()) }

// UniformSpace returns the operations of a cell space for every edge.
func UniformSpace(space cell.Space) (s Space) {
	for t := range s {
		s[t] = slices.Repeat([][]string{space.Operations}, space.Edges())
	}
	return
}

// cells returns the cell space with the number of states; its operations are left out.
func (s Space) cells() cell.Space { return cell.Space{States: cell.StatesOf(len(s[0]))} }

// Network is a search network. Norms always use the statistics of the batch and have no parameters,
// except those of the stem.
type Network struct {
	backbone.Backbone
	Space Space
	Span  Span

	fused map[string]*block.Block
}

// Mixing holds the weights with which operations and by-passes enter the sums, as values on the
// device. For each cell type and edge it has one weight [1] per operation (nil for none, which
// contributes nothing) and one for the by-pass (nil without partial channels).
type Mixing struct {
	Ops    [2][][]*block.Value
	Bypass [2][]*block.Value
	// Auxiliary weights the auxiliary skip connections (DARTS-, see Arch), one [1] per edge; nil if
	// there are none.
	Auxiliary [2][]*block.Value
	// Dropout is the dropout of skip connections and pools; nil if there is none.
	Dropout *Dropout
}

// Dropout drops values of identities (skip connections of stride 1) in one pass. It has a rate [1],
// and a seed int32 [1] for every cell and edge. It requires the span Operations.
type Dropout struct {
	Rate  *block.Value
	Pools *block.Value // rate of the pools, [1]; nil for no dropout
	Seeds map[CellEdge]*block.Value
}

// CellEdge identifies an edge of a cell.
type CellEdge struct{ Cell, Edge int }

// Run makes the calls of one pass on images [c, h, h, b] with the mixing weights m.
func (n *Network) Run(r block.Runner, images *block.Value, m *Mixing) backbone.Output {
	complete := n.Space.cells().Complete()
	return n.Backbone.Run(r, images, [2]cell.Topology{complete, complete}, n.Edge(m))
}

// Edge returns the function that computes the edges in one pass.
func (n *Network) Edge(m *Mixing) backbone.Edge {
	d := m.Dropout
	if d != nil && n.Span != Operations {
		exceptions.Panicf("dropout on skip connections needs executables that span operations")
	}
	type node struct{ cell, from int }
	read := map[node][]*block.Value{} // Operations: inputs of a node's operations and by-pass
	return func(r block.Runner, p backbone.Place, e int, l cell.Link, from, sum backbone.State) {
		w := weights{m.Ops[p.Type()][e], m.Bypass[p.Type()][e], m.Auxiliary[p.Type()][e]}
		x := edge{kept: n.Space[p.Type()][e], auxiliary: w.auxiliary != nil, channels: p.Channels, side: p.Side(l.From), stride: p.Stride(l.From), partial: n.Partial, batch: n.Batch}
		if n.Span == Edges {
			r.Call(p.Label(e, l), n.fuse(x), x.inputs(from, w), sum)
			return
		}
		k := node{p.Index, l.From}
		if read[k] == nil {
			read[k] = x.split(r, from)
		}
		var drop drops
		if d != nil {
			drop = drops{d.Rate, d.Pools, d.Seeds[CellEdge{p.Index, e}]}
		}
		x.run(r, p.Label(e, l)+"/", read[k], w, drop, sum)
	}
}

// fuse returns a block that computes the whole edge.
func (n *Network) fuse(x edge) *block.Block {
	name := x.String()
	if b, ok := n.fused[name]; ok {
		return b
	}
	if n.fused == nil {
		n.fused = map[string]*block.Block{}
	}
	b := x.fuse(name)
	n.fused[name] = b
	return b
}

// edge is the function between two nodes: 1/partial of the channels pass through operations, the
// rest by-pass them.
type edge struct {
	kept                            []string
	auxiliary                       bool // a skip connection beside the mixture
	channels, side, stride, partial int
	batch                           int
}

// weights are the mixing weights of an edge: of its operations, its by-pass and its auxiliary skip.
// The last two are nil if they do not exist.
type weights struct {
	ops               []*block.Value
	bypass, auxiliary *block.Value
}

// drops holds the dropout rates on an edge (nil for none) and the seed.
type drops struct{ skips, pools, seed *block.Value }

// of returns the dropout rate of an operation, or nil for no dropout.
func (d drops) of(o ops.Operation) *block.Value {
	if kind, _ := cell.Lookup(o.Name); kind.Pool() {
		return d.pools
	}
	if o.Identity() {
		return d.skips
	}
	return nil
}

func (x edge) String() string {
	kept := x.kept
	if x.auxiliary {
		kept = append(kept[:len(kept):len(kept)], "auxiliary")
	}
	return fmt.Sprintf("edge %dx%dx%d s%d k%d b%d %s", x.channels, x.side, x.side, x.stride, x.partial, x.batch, strings.Join(kept, " "))
}

func (x edge) out() int { return (x.side + x.stride - 1) / x.stride }

// operated is the number of channels that pass through the operations.
func (x edge) operated() int { return x.channels / x.partial }

// split reads a node into [operated channels, by-passing channels]. At stride 2 the by-passing
// channels are halved in size.
func (x edge) split(r block.Runner, from backbone.State) []*block.Value {
	if x.partial == 1 {
		return from
	}
	k := x.operated()
	b := &block.Block{
		Name: fmt.Sprintf("split %dx%dx%d s%d k%d b%d", x.channels, x.side, x.side, x.stride, x.partial, x.batch),
		In:   x.state(),
		Outs: 2,
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			parts := ops.Parts{Images: in, States: 1, K: x.partial}.Split(c, k)
			if x.stride == 2 {
				parts[1] = ops.MaxPooling(c, parts[1], 2, 2, 0)
			}
			return parts
		},
	}
	return r.Call("", b, from, nil)
}

// state returns the shapes of a node.
func (x edge) state() []shapes.Shape {
	if x.partial == 1 {
		return []shapes.Shape{block.Floats(x.channels, x.side, x.side, x.batch)}
	}
	k := x.operated()
	return []shapes.Shape{block.Floats(k, x.side, x.side, x.batch), block.Floats(x.channels-k, x.side, x.side, x.batch)}
}

// run adds the mixture to the target's sum: arXiv:1907.05737, eq. 2, with mixing weights that
// include beta. drop is the dropout of skip connections and pools.
func (x edge) run(r block.Runner, label string, read []*block.Value, w weights, drop drops, sum backbone.State) {
	op := func(name string) ops.Operation {
		return ops.Operation{Name: name, Channels: x.operated(), Size: x.side, Stride: x.stride}
	}
	for i, name := range x.kept {
		if w.ops[i] == nil {
			continue
		}
		o := op(name)
		if in := []*block.Value{read[0], w.ops[i]}; drop.of(o) != nil {
			r.Call(label+name, o.Dropped(x.batch), append(in, drop.of(o), drop.seed), sum[:1])
		} else {
			r.Call(label+name, o.Mixed(x.batch), in, sum[:1])
		}
	}
	if w.auxiliary != nil {
		r.Call(label+"auxiliary", op(cell.Skip).Mixed(x.batch), []*block.Value{read[0], w.auxiliary}, sum[:1])
	}
	if w.bypass != nil {
		skip := ops.Operation{Name: cell.Skip, Channels: x.channels - x.operated(), Size: x.out(), Stride: 1}
		r.Call("", skip.Mixed(x.batch), []*block.Value{read[1], w.bypass}, sum[1:])
	}
}

// inputs returns the inputs of the fused edge: the node, then the mixing weights of operations,
// by-pass and auxiliary skip.
func (x edge) inputs(from backbone.State, w weights) []*block.Value {
	in := append([]*block.Value{}, from...)
	for _, m := range append(w.ops[:len(w.ops):len(w.ops)], w.bypass, w.auxiliary) {
		if m != nil {
			in = append(in, m)
		}
	}
	return in
}

// fuse merges split and run into one block.
func (x edge) fuse(name string) *block.Block {
	in := x.state()
	states := len(in)
	scalars := 0
	for _, o := range x.kept {
		if !cell.IsNone(o) {
			scalars++
		}
	}
	if x.partial > 1 {
		scalars++
	}
	if x.auxiliary {
		scalars++
	}
	for range scalars {
		in = append(in, block.Floats(1))
	}
	return block.Fuse(name, in, 0, func(r block.Runner, v []*block.Value) []*block.Value {
		rest := v[states:]
		next := func(there bool) (w *block.Value) { // takes an input, in the order of inputs
			if there {
				w, rest = rest[0], rest[1:]
			}
			return w
		}
		var w weights
		for _, o := range x.kept {
			w.ops = append(w.ops, next(!cell.IsNone(o)))
		}
		w.bypass = next(x.partial > 1)
		w.auxiliary = next(x.auxiliary)
		sum := block.Sums(states)
		x.run(r, "", x.split(r, v[:states]), w, drops{}, sum)
		return sum
	})
}

// Count returns the number of weights, without alphas and betas, and the multiply-accumulates
// (MACs) of one image. It needs no backend.
func (n *Network) Count() (weights, macs int) {
	m := &Mixing{}
	for t, edges := range n.Space {
		m.Ops[t] = make([][]*block.Value, len(edges))
		m.Bypass[t], m.Auxiliary[t] = make([]*block.Value, len(edges)), make([]*block.Value, len(edges))
		for e, kept := range edges {
			for _, o := range kept {
				var v *block.Value
				if !cell.IsNone(o) {
					v = &block.Value{}
				}
				m.Ops[t][e] = append(m.Ops[t][e], v)
			}
			if n.Partial > 1 {
				m.Bypass[t][e] = &block.Value{}
			}
		}
	}
	return block.NewPlan(func(r block.Runner) { n.Run(r, &block.Value{}, m) }).Count()
}
