package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	. "github.com/gomlx/gomlx/core/graph"
)

// route computes one layer of capsules.
type route struct {
	routing cell.Kind
	capsuleDims
	rounds int
}

// images routes the primary capsules x to the next layer: its capsules' poses times their
// probabilities, in the shape of x. w holds the transform [capsules, types * pose, pose], then the
// routing's own weights.
func (r route) images(c *block.Ctx, x *Node, w []*Node) *Node {
	if fast(c, x) {
		return r.kernel(x, w)
	}
	m := size(c.Lowering().Layout, x)
	rows := wide(x)
	if c.Lowering().Layout == block.NHWC {
		rows = TransposeAllAxes(Reshape(rows, -1, m.channels), 1, 0)
	}
	y := r.rows(Reshape(rows, m.channels, -1), w)
	if c.Lowering().Layout == block.NHWC {
		y = TransposeAllAxes(y, 1, 0)
	}
	return Reshape(narrow(c, y), x.Shape().Dimensions...)
}

// rows is images for a matrix [channels, positions].
//
// A child i has the pose u_i = squash(x_i) and the probability a_i = |u_i|. Its vote for the parent
// j of its group is v_ij = W_ij u_i.
func (r route) rows(x *Node, w []*Node) *Node {
	p := x.Shape().Dim(1)
	x = Reshape(x, r.capsules(), r.Pose, p)
	u := squash(x, 1)
	votes := DotGeneral(w[0], []int{2}, []int{0}, u, []int{1}, []int{0}) // [capsules, types * pose, p]
	v := Reshape(votes, r.Groups, r.Types, r.Types, r.Pose, p)           // [group, child, parent, pose, p]
	var y *Node
	switch r.routing {
	case cell.CapsuleDynamic:
		y = r.dynamic(v)
	case cell.CapsuleEM:
		y = r.em(v, r.spread(probability(x, 1)), w[1], w[2])
	default:
		logits := DotGeneral(w[1], []int{2}, []int{0}, u, []int{1}, []int{0}) // [capsules, types, p]
		y = r.self(v, r.spread(probability(x, 1)), Reshape(logits, r.Groups, r.Types, r.Types, 1, p))
	}
	return Reshape(y, r.capsules()*r.Pose, p)
}

// The axes of votes.
const (
	child  = 1
	parent = 2
	pose   = 3
)

// spread reshapes numbers per child, [capsules, 1, p], so that they broadcast over votes.
func (r route) spread(a *Node) *Node { return Reshape(a, r.Groups, r.Types, 1, 1, -1) }

// dynamic is routing by agreement, procedure 1 of arXiv:1710.09829: a vote counts more for the
// parents whose poses point in its direction.
func (r route) dynamic(v *Node) *Node {
	s := ReduceAndKeep(v, ReduceMean, child) // all coefficients are equal
	logits := (*Node)(nil)
	for range r.rounds - 1 {
		logits = plus(logits, ReduceAndKeep(Mul(v, squash(s, pose)), ReduceSum, pose))
		s = ReduceAndKeep(Mul(Softmax(logits, parent), v), ReduceSum, child)
	}
	return squash(s, pose)
}

// em is routing by expectation-maximisation, procedure 1 of Hinton, Sabour and Frosst (2018), with
// an inverse temperature of 1 in all rounds. A parent is a Gaussian over the votes; its probability
// grows as the votes converge. The result is the mean times the probability. a holds the children's
// probabilities; betaU and betaA are the paper's.
func (r route) em(v, a, betaU, betaA *Node) *Node {
	column := func(w *Node) *Node { return Reshape(w, r.Groups, 1, r.Types, 1, 1) }
	betaU, betaA = column(betaU), column(betaA)
	share := MulScalar(a, 1/float64(r.Types))
	for round := 1; ; round++ {
		// M-step
		total := ReduceAndKeep(share, ReduceSum, child)
		weight := Div(share, AddScalar(total, Tiny))
		mean := ReduceAndKeep(Mul(weight, v), ReduceSum, child)
		square := Square(Sub(v, mean))
		variance := AddScalar(ReduceAndKeep(Mul(weight, square), ReduceSum, child), VarianceFloor)
		halfLog := MulScalar(ReduceAndKeep(Log(variance), ReduceSum, pose), 0.5)
		cost := Mul(Add(MulScalar(betaU, float64(r.Pose)), halfLog), total)
		active := Sub(betaA, cost) // logit of the parent's probability
		if round == r.rounds {
			return Mul(Sigmoid(active), mean)
		}
		// E-step
		density := Sub(MulScalar(ReduceAndKeep(Div(square, variance), ReduceSum, pose), -0.5), halfLog)
		share = Mul(Softmax(Sub(density, softplus(Neg(active))), parent), a)
	}
}

// self is self-routing (Hahn, Pyeon and Kim, 2019, eq. 3 to 5): a child's own pose distributes its
// vote over the parents, without iterations. The result is the parents' poses times their
// activations. logits are [group, child, parent, 1, p].
func (r route) self(v, a, logits *Node) *Node {
	c := Mul(Softmax(logits, parent), a)
	sum := ReduceAndKeep(Mul(c, v), ReduceSum, child)
	return Div(sum, AddScalar(ReduceAndKeep(a, ReduceSum, child), Tiny))
}

// softplus is log(1 + exp(x)); -softplus(-x) is the logarithm of a sigmoid.
func softplus(x *Node) *Node { return Add(Relu(x), Log1P(Exp(Neg(Abs(x))))) }

// squash shortens vectors along an axis to a length below 1: |s| s / (1 + |s|^2), eq. 1 of
// arXiv:1710.09829.
func squash(s *Node, axis int) *Node {
	q := ReduceAndKeep(Square(s), ReduceSum, axis)
	return Mul(s, Div(Sqrt(AddScalar(q, Tiny)), AddScalar(q, 1)))
}

// probability is the length of a squashed vector, |s|^2 / (1 + |s|^2).
func probability(s *Node, axis int) *Node {
	q := ReduceAndKeep(Square(s), ReduceSum, axis)
	return Div(q, AddScalar(q, 1))
}
