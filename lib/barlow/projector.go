package barlow

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/ops"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Projector returns the block from features [in, batch] to embeddings [last of sizes, batch]:
// linear layers of these sizes with batch norm and ReLU between them (arXiv:2103.03230, section
// 3.2, which uses three layers of one size). A single size gives a single linear layer.
func Projector(in int, sizes []int, batch int) *block.Block {
	b := &block.Block{
		Name: fmt.Sprintf("projector %d->%v b%d", in, sizes, batch),
		In:   []shapes.Shape{block.Floats(in, batch)},
	}
	from := in
	for i, to := range sizes {
		b.Weights = append(b.Weights, block.Weight{Name: fmt.Sprintf("linear%d", i), Dims: []int{to, from}, Fan: from, Positions: 1})
		if i < len(sizes)-1 {
			b.Weights = append(b.Weights, ops.NormWeights(fmt.Sprintf("norm%d", i), to)...)
		}
		from = to
	}
	b.Fn = func(c *block.Ctx, in, w []*Node) []*Node {
		x := in[0]
		for i, to := range sizes {
			linear := w[0]
			x = c.SaveForBackward(c.Site(x, func(x *Node) *Node { return DotGeneral(linear, []int{1}, nil, x, []int{0}, nil) }))
			w = w[1:]
			if i == len(sizes)-1 {
				break
			}
			gain, bias := w[0], w[1]
			w = w[2:]
			x = c.Site(ops.Norm(c, x, nil), func(x *Node) *Node {
				return Add(Mul(x, Reshape(gain, to, 1)), Reshape(bias, to, 1))
			})
			x = ops.Relu(x)
		}
		return []*Node{x}
	}
	return b
}
