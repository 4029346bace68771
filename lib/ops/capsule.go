package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	. "github.com/gomlx/gomlx/core/graph"
)

// capsule operations read the channels of a position as capsules: vectors of few dimensions, whose
// length says how sure something is there. ReLU, a depthwise and a pointwise convolution and a norm
// make the primary capsules, a squash their poses; each of them then votes for capsules of the next
// layer, a routing decides how much each vote counts, and a norm follows. The matrices that make
// votes are shared by all positions.
//
// A layer of capsules is dear because every capsule votes for every other one. Here capsules of a
// position route within groups of at most four, so that there are at most four votes to each value
// of the image; the pointwise convolution before mixes the groups.
type capsule struct{ routing cell.Kind }

// herd is how the channels of a position are divided: Groups x Types capsules of Pose dimensions. A
// group routes within itself.
type herd struct{ Groups, Types, Pose int }

// herdOf divides so many channels: poses have four dimensions at most, and there are two capsules
// at least, where divisors allow; a group has four capsules at most.
func herdOf(channels int) herd {
	divisor := func(n, most int) int {
		for most > 1 && n%most != 0 {
			most--
		}
		return max(1, most)
	}
	pose := divisor(channels, min(4, channels/2))
	types := divisor(channels/pose, 4)
	return herd{channels / pose / types, types, pose}
}

// capsules is their number at a position.
func (h herd) capsules() int { return h.Groups * h.Types }

// Constants of the routings.
const (
	// VarianceFloor is added to variances: where all votes agree their density has no end.
	VarianceFloor = 0.01
	// Tiny keeps quotients and roots of zero finite.
	Tiny = 1e-8
)

func (k capsule) weights(o Operation, windows []cell.Window) []block.Weight {
	w := separable{}.weights(o, windows)
	h, n := herdOf(o.Channels), o.Out()*o.Out()
	w = append(w, block.Weight{Name: "transform", Dims: []int{h.capsules(), h.Types * h.Pose, h.Pose}, Fan: h.Pose, Positions: n})
	switch k.routing {
	case cell.CapsuleEM:
		w = append(w, block.Weight{Name: "beta_u", Dims: []int{h.capsules()}}, block.Weight{Name: "beta_a", Dims: []int{h.capsules()}})
	case cell.CapsuleSelf:
		w = append(w, block.Weight{Name: "route", Dims: []int{h.capsules(), h.Types, h.Pose}, Fan: h.Pose, Positions: n})
	}
	if o.Affine {
		w = append(w, NormWeights("norm_routed", o.Channels)...)
	}
	return w
}

func (capsule) norms(o Operation, windows []cell.Window) []int {
	return append(separable{}.norms(o, windows), o.Channels)
}

// saves is one array for the convolution and one for the routing, which their norms read.
func (capsule) saves(windows []cell.Window) float64 { return separable{}.saves(windows) + 1 }

// macs are the products of votes with coupling coefficients and with poses, and those of EM's
// squared distances.
func (k capsule) macs(o Operation) int {
	h := herdOf(o.Channels)
	op, _ := cell.Lookup(o.Name)
	votes := h.capsules() * h.Types * h.Pose * o.Out() * o.Out() // values of all votes
	switch k.routing {
	case cell.CapsuleDynamic: // a mean in each round, an agreement between two
		return votes * (2*op.Rounds - 1)
	case cell.CapsuleEM: // a mean and a variance in each round, a density between two
		return votes * (3*op.Rounds - 1)
	}
	return votes
}

func (k capsule) build(o Operation, windows []cell.Window, c *block.Ctx, x *Node, w []*Node, scale *Node) *Node {
	primary := len(separable{}.weights(o, windows))
	x = separable{}.build(o, windows, c, x, w[:primary], nil)
	w = w[primary:]
	routing := w[:1]
	if k.routing == cell.CapsuleEM {
		routing = w[:3]
	} else if k.routing == cell.CapsuleSelf {
		routing = w[:2]
	}
	op, _ := cell.Lookup(o.Name)
	r := route{k.routing, herdOf(o.Channels), op.Rounds}
	x = c.SaveForBackward(c.Site(x, func(x *Node) *Node { return r.images(c, x, routing) }))
	if o.Affine {
		return scaled(c, AffineNorm(c, x, w[len(routing)], w[len(routing)+1]), scale)
	}
	return Norm(c, x, scale)
}
