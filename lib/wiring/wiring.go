package wiring

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Place is where in a network a cell stands.
type Place struct {
	Index     int
	Reduction bool
	Channels  int // of each state
	In, Out   int // side of the inputs' images, and of the states'
}

// Type is 0 for normal and 1 for reduction cells: all cells of one type share their architecture.
func (p Place) Type() int {
	if p.Reduction {
		return 1
	}
	return 0
}

// Stride of the edges that leave a node: 2 from the inputs of a reduction cell.
func (p Place) Stride(from int) int {
	if p.Reduction && from < cell.Inputs {
		return 2
	}
	return 1
}

// Side of a node's images.
func (p Place) Side(node int) int {
	if node < cell.Inputs {
		return p.In
	}
	return p.Out
}

// Label names what belongs to link i of this cell.
func (p Place) Label(i int, l cell.Link) string {
	return fmt.Sprintf("cell%d/edge%d/%d-%d", p.Index, i, l.From, l.To)
}

// State is a node's value. With partial channels it is a pair: the 1/K of the channels that operations added to, and the
// rest, which by-passed them; whoever reads it shuffles (see ops.Shuffle). Otherwise it is one value.
type State []*block.Value

// Feature is what one cell hands to the next: its states, not yet concatenated.
type Feature struct {
	States   []State
	Channels int // of one state
	Side     int
}

func (f Feature) values() (vs []*block.Value) {
	for _, s := range f.States {
		vs = append(vs, s...)
	}
	return
}

// Wiring is the part that search networks and found networks share: stem, cells in sequence with reductions at 1/3 and
// 2/3 of the depth, head. What runs on an edge is the caller's.
type Wiring struct {
	Cells, Channels, Classes int // without classes there is no classifier: the network ends with its features
	ImageChannels, ImageSide int
	Batch                    int
	// Partial is K of partial channels; 1 is without.
	Partial int
	// Affine: norms have gain and bias, and running statistics (found networks).
	Affine bool
	// Auxiliary are the widths of the auxiliary tower's two convolutions after 2/3 of the depth; zero: no tower.
	Auxiliary [2]int
	// Probe: the classifier reads the features without a gradient to them, for networks that learn without labels.
	Probe bool
}

// stemMultiplier is the stem's width in units of the first cells' channels, as in DARTS.
const stemMultiplier = 3

// Labels of weights that are treated apart: the auxiliary tower's, which only training has, and the classifier's.
const (
	AuxiliaryLabel  = "auxiliary"
	ClassifierLabel = "classifier"
)

// Edge adds what flows along link i of a cell, from the node's value, into the target's sum.
type Edge func(r block.Runner, p Place, i int, l cell.Link, from, sum State)

// Output is what a network computes: pooled features [4*channels, b] and logits [classes, b], which are nil without classes; Auxiliary is nil without a
// tower.
type Output struct{ Features, Logits, Auxiliary *block.Value }

// Places lists the cells.
func (w Wiring) Places() []Place {
	places := make([]Place, w.Cells)
	channels, side := w.Channels, w.ImageSide
	for i := range places {
		p := Place{Index: i, Reduction: i == w.Cells/3 || i == 2*w.Cells/3, Channels: channels, In: side, Out: side}
		if p.Reduction {
			channels *= 2
			p.Channels, p.Out = channels, (side+1)/2
			side = p.Out
		}
		places[i] = p
	}
	return places
}

// Features is the number of channels of the pooled features, if all states make the last cell's output.
func (w Wiring) Features() int {
	places := w.Places()
	return cell.States * places[len(places)-1].Channels
}

// Run makes the calls of a whole network on images [c, h, h, b], with normal and reduction cells of these graphs.
func (w Wiring) Run(r block.Runner, images *block.Value, graphs [2]cell.Topology, edge Edge) Output {
	width := stemMultiplier * w.Channels
	stem := r.Call("stem", w.stem(width), []*block.Value{images}, nil)
	s1 := Feature{States: []State{stem}, Channels: width, Side: w.ImageSide}
	s0 := s1
	var out Output
	for _, p := range w.Places() {
		s0, s1 = s1, w.Cell(r, p, s0, s1, graphs[p.Type()], edge)
		if w.Auxiliary[0] > 0 && p.Index == 2*w.Cells/3 {
			out.Auxiliary = r.Call(AuxiliaryLabel, w.auxiliary(s1), s1.values(), nil)[0]
		}
	}
	out.Features = r.Call("", w.pool(s1), s1.values(), nil)[0]
	if w.Classes == 0 {
		return out
	}
	out.Logits = r.Call(ClassifierLabel, w.classifier(len(s1.States)*s1.Channels), []*block.Value{out.Features}, nil)[0]
	return out
}

// Cell makes the calls of one cell on the outputs of the two before it.
func (w Wiring) Cell(r block.Runner, p Place, s0, s1 Feature, graph cell.Topology, edge Edge) Feature {
	label := fmt.Sprintf("cell%d/", p.Index)
	nodes := []State{
		r.Call(label+"pre0", w.preprocess(s0, p), s0.values(), nil),
		r.Call(label+"pre1", w.preprocess(s1, p), s1.values(), nil),
	}
	for range cell.States {
		nodes = append(nodes, block.Sums(w.parts()))
	}
	for i, l := range graph.Links {
		if l.From >= l.To || l.To >= len(nodes) {
			exceptions.Panicf("cell %d has no edge %d-%d: edges go from a node to a later state, 2 to %d", p.Index, l.From, l.To, len(nodes)-1)
		}
		edge(r, p, i, l, nodes[l.From], nodes[l.To])
	}
	out := Feature{Channels: p.Channels, Side: p.Out}
	for _, n := range graph.Concat {
		out.States = append(out.States, nodes[n])
	}
	return out
}

// parts is the number of values that a state is kept as.
func (w Wiring) parts() int {
	if w.Partial > 1 {
		return 2
	}
	return 1
}
