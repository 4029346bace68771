package backbone

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Place is the position of a cell in a network.
type Place struct {
	Index     int
	Reduction bool
	Channels  int // of each state
	In, Out   int // side of the inputs' images, and of the states'
}

// Type returns 0 for normal and 1 for reduction cells. All cells of a type share their
// architecture.
func (p Place) Type() int {
	if p.Reduction {
		return 1
	}
	return 0
}

// Stride returns the stride of the edges that leave a node: 2 from the inputs of a reduction cell.
func (p Place) Stride(from int) int {
	if p.Reduction && from < cell.Inputs {
		return 2
	}
	return 1
}

// Side returns the side of a node's images.
func (p Place) Side(node int) int {
	if node < cell.Inputs {
		return p.In
	}
	return p.Out
}

// Label returns the label of link i of this cell.
func (p Place) Label(i int, l cell.Link) string {
	return fmt.Sprintf("cell%d/edge%d/%d-%d", p.Index, i, l.From, l.To)
}

// State is the value of a node. With partial channels it is a pair: the 1/K of the channels that
// operations have processed, and the channels that have bypassed them; its readers shuffle (see
// ops.Shuffle). Otherwise it is one value.
type State []*block.Value

// Feature is the output of a cell before concatenation: its states.
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

// Backbone describes the parts that search networks and found networks share: stem, sequence of
// cells with reductions at 1/3 and 2/3 of the depth, head. The caller supplies the edges.
type Backbone struct {
	Cells, Channels, Classes int // 0 classes: no classifier, the network ends with its features
	ImageChannels, ImageSide int
	Batch                    int
	// Stem is the name of the layers before the first cell: "" or StemCIFAR, or StemImageNet.
	Stem string
	// Partial is K of partial channels; 1 disables them.
	Partial int
	// Affine gives norms a gain, a bias and running statistics (found networks).
	Affine bool
	// Auxiliary holds the widths of the two convolutions of the auxiliary tower after 2/3 of the
	// depth; zero: no tower.
	Auxiliary [2]int
	// Probe stops the gradient from the classifier to the features, for networks that learn without
	// labels.
	Probe bool
}

// The stems of found networks: CIFAR's is one 3x3 convolution that keeps the size of images of some
// 32 pixels; ImageNet's is three of stride 2, after which images of 224 pixels have 28.
const (
	StemCIFAR    = "cifar"
	StemImageNet = "imagenet"
)

// imageNetReduction is the factor by which StemImageNet makes images smaller.
const imageNetReduction = 8

// StemSide returns the side of the images that the first cell computes with.
func (w Backbone) StemSide() int {
	if w.Stem == StemImageNet {
		return w.ImageSide / imageNetReduction
	}
	return w.ImageSide
}

// stemMultiplier is the width of the stem in units of the first cells' channels, as in DARTS.
const stemMultiplier = 3

// Labels of weights with special treatment: the auxiliary tower, which only training uses, and the
// classifier.
const (
	AuxiliaryLabel  = "auxiliary"
	ClassifierLabel = "classifier"
)

// Edge adds the contribution of link i of a cell, computed from the value of its source, to the sum
// of its target.
type Edge func(r block.Runner, p Place, i int, l cell.Link, from, sum State)

// Output is the result of a network: pooled features [states*channels, b] and logits [classes, b],
// which are nil without classes. Auxiliary, [classes, b], is nil without a tower.
type Output struct{ Features, Logits, Auxiliary *block.Value }

// Places lists the cells.
func (w Backbone) Places() []Place {
	places := make([]Place, w.Cells)
	channels, side := w.Channels, w.StemSide()
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

// Features returns the number of channels of the pooled features, if so many states make the output
// of the last cell.
func (w Backbone) Features(states int) int {
	places := w.Places()
	return states * places[len(places)-1].Channels
}

// Run makes the calls of a whole network on images [c, h, h, b]. graphs are the normal and the
// reduction cell.
func (w Backbone) Run(r block.Runner, images *block.Value, graphs [2]cell.Topology, edge Edge) Output {
	s0, s1 := w.stems(r, images)
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

// stems makes the calls of the stem and returns the inputs of the first cell.
func (w Backbone) stems(r block.Runner, images *block.Value) (s0, s1 Feature) {
	if w.Stem == StemImageNet {
		c, side := w.Channels, w.StemSide()
		first := r.Call("stem0", w.halvings(), []*block.Value{images}, nil)
		second := r.Call("stem1", w.halving(), first, nil)
		return Feature{[]State{first}, c, 2 * side}, Feature{[]State{second}, c, side}
	}
	width := stemMultiplier * w.Channels
	stem := r.Call("stem", w.stem(width), []*block.Value{images}, nil)
	s1 = Feature{States: []State{stem}, Channels: width, Side: w.ImageSide}
	return s1, s1
}

// Cell makes the calls of one cell on the outputs of the two cells before it.
func (w Backbone) Cell(r block.Runner, p Place, s0, s1 Feature, graph cell.Topology, edge Edge) Feature {
	label := fmt.Sprintf("cell%d/", p.Index)
	nodes := []State{
		r.Call(label+"pre0", w.preprocess(s0, p), s0.values(), nil),
		r.Call(label+"pre1", w.preprocess(s1, p), s1.values(), nil),
	}
	for range graph.States {
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

// parts is the number of values of a state.
func (w Backbone) parts() int {
	if w.Partial > 1 {
		return 2
	}
	return 1
}
