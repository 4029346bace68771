package network

import (
	"math/rand/v2"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/ops"
	"github.com/gomlx/gomlx/core/tensors"
)

// auxiliaryWidths are the channels of the reference implementation's auxiliary tower.
var auxiliaryWidths = [2]int{128, 768}

// Network is a found network: the cells of a genotype, each edge with its single operation.
type Network struct {
	backbone.Backbone
	Genotype cell.Genotype
}

// New returns the network for batches of images [imageChannels, imageSide, imageSide]. Only
// training uses the auxiliary tower. Its weights come last, so all other weights are the same with
// and without it.
func New(g cell.Genotype, cells, channels, classes, imageChannels, imageSide, batch int, auxiliary bool) *Network {
	n := &Network{Genotype: g, Backbone: backbone.Backbone{
		Cells: cells, Channels: channels, Classes: classes,
		ImageChannels: imageChannels, ImageSide: imageSide, Batch: batch,
		Partial: 1, Affine: true,
	}}
	if auxiliary {
		n.Auxiliary = auxiliaryWidths
	}
	return n
}

// With returns the network with the named stem (backbone.StemCIFAR or StemImageNet; "" is
// StemCIFAR).
func (n *Network) With(stem string) *Network {
	other := *n
	other.Stem = stem
	return &other
}

// Path identifies a path that drop path can drop: a gene of a cell, both counted from 0.
type Path struct{ Cell, Gene int }

// Masks holds the decisions of drop path in one step, [b] per path: 0 for a dropped path and
// 1/(1-p) for a kept one (arXiv:1605.07648).
type Masks map[Path]*block.Value

// Paths returns the paths that can be dropped, in the order of cells and genes: all but identities.
func (n *Network) Paths() (paths []Path) {
	links := n.topologies()
	for _, place := range n.Places() {
		for i, l := range links[place.Type()].Links {
			if !n.operation(place, i, l).Identity() {
				paths = append(paths, Path{place.Index, i})
			}
		}
	}
	return
}

// Run makes the calls of one pass on images [c, h, h, b]; masks may be nil.
func (n *Network) Run(r block.Runner, images *block.Value, masks Masks) backbone.Output {
	return n.Backbone.Run(r, images, n.topologies(), func(r block.Runner, p backbone.Place, i int, l cell.Link, from, sum backbone.State) {
		o := n.operation(p, i, l)
		in := append([]*block.Value{}, from...)
		m := masks[Path{p.Index, i}]
		if m != nil {
			in = append(in, m)
		}
		r.Call(p.Label(i, l)+"/"+o.Name, o.Chosen(n.Batch, m != nil), in, sum)
	})
}

// Features returns the number of pooled features.
func (n *Network) Features() int {
	places := n.Places()
	_, concat := n.Genotype.Cell(places[len(places)-1].Type())
	return n.Backbone.Features(len(concat))
}

func (n *Network) operation(p backbone.Place, i int, l cell.Link) ops.Operation {
	genes, _ := n.Genotype.Cell(p.Type())
	return ops.Operation{Name: genes[i].Op, Channels: p.Channels, Size: p.Side(l.From), Stride: p.Stride(l.From), Affine: true}
}

func (n *Network) topologies() [2]cell.Topology {
	return [2]cell.Topology{n.Genotype.Topology(0), n.Genotype.Topology(1)}
}

// NewMasks drops each path of each image with probability p. The network's batch is the batch of
// one device of the engine.
func (n *Network) NewMasks(e *block.Engine, p float64, r *rand.Rand) Masks {
	masks := Masks{}
	batch := n.Batch * e.Width()
	for _, path := range n.Paths() {
		keep := make([]float32, batch)
		for j := range keep {
			if r.Float64() >= p {
				keep[j] = float32(1 / (1 - p))
			}
		}
		masks[path] = e.Split(tensors.FromFlatDataAndDimensions(keep, batch), 0)
	}
	return masks
}

// Free releases the memory of the masks.
func (m Masks) Free() {
	for _, v := range m {
		v.Set(nil)
	}
}

// Count returns the number of weights and the multiply-accumulates (MACs) of one image, from the
// shapes alone.
func (n *Network) Count() (weights, macs int) {
	return block.NewPlan(func(r block.Runner) { n.Run(r, &block.Value{}, nil) }).Count()
}
