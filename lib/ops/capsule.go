package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	. "github.com/gomlx/gomlx/core/graph"
)

// capsule operations divide the channels of a position into capsules: short vectors whose length is
// the probability that an entity is present. ReLU, a depthwise convolution, a pointwise convolution
// and a norm produce the primary capsules. A squash turns these into poses. Each pose votes for the
// capsules of the next layer, a routing weights the votes, and a norm follows. All positions share
// the matrices that produce votes.
//
// A full layer of capsules is expensive because every capsule votes for every capsule of the next
// layer. Here the capsules of a position route within groups of at most four. An image then has at
// most four votes per value. The preceding pointwise convolution mixes the groups.
type capsule struct{ routing cell.Kind }

// capsuleDims divides the channels of a position into Groups x Types capsules of Pose dimensions.
// Routing stays within a group.
type capsuleDims struct{ Groups, Types, Pose int }

// capsuleDimsOf divides the given number of channels. A pose has at most four dimensions, a group
// has at most four capsules, and a position has at least two capsules where divisors allow.
func capsuleDimsOf(channels int) capsuleDims {
	divisor := func(n, most int) int {
		for most > 1 && n%most != 0 {
			most--
		}
		return max(1, most)
	}
	pose := divisor(channels, min(4, channels/2))
	types := divisor(channels/pose, 4)
	return capsuleDims{channels / pose / types, types, pose}
}

// capsules is the number of capsules at a position.
func (h capsuleDims) capsules() int { return h.Groups * h.Types }

// Numerical constants of the routings.
const (
	// VarianceFloor is added to variances: without it, the density of equal votes is infinite.
	VarianceFloor = 0.01
	// Tiny is added to denominators and under roots, which keeps them finite at zero.
	Tiny = 1e-8
)

func (k capsule) weights(o Operation, windows []cell.Window) []block.Weight {
	w := separable{}.weights(o, windows)
	h, n := capsuleDimsOf(o.Channels), o.Out()*o.Out()
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

// saves counts one array for the convolution and one for the routing: their norms read both.
func (capsule) saves(windows []cell.Window) float64 { return separable{}.saves(windows) + 1 }

// macs counts the products of votes with coupling coefficients and with poses, and the squared
// distances of EM routing.
func (k capsule) macs(o Operation) int {
	h := capsuleDimsOf(o.Channels)
	op, _ := cell.Lookup(o.Name)
	votes := h.capsules() * h.Types * h.Pose * o.Out() * o.Out() // number of vote values
	switch k.routing {
	case cell.CapsuleDynamic: // a mean per round, an agreement between two rounds
		return votes * (2*op.Rounds - 1)
	case cell.CapsuleEM: // a mean and a variance per round, a density between two
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
	r := route{k.routing, capsuleDimsOf(o.Channels), op.Rounds}
	x = c.SaveForBackward(c.Site(x, func(x *Node) *Node { return r.images(c, x, routing) }))
	if o.Affine {
		return scaled(c, AffineNorm(c, x, w[len(routing)], w[len(routing)+1]), scale)
	}
	return Norm(c, x, scale)
}
