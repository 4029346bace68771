package barlow

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/ops"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Loss returns the block that computes the loss, a scalar [], of two embeddings [d, batch].
func Loss(d, batch int, lambda float64) *block.Block {
	return &block.Block{
		Name: fmt.Sprintf("barlow twins %d b%d lambda %g", d, batch, lambda),
		In:   []shapes.Shape{block.Floats(d, batch), block.Floats(d, batch)},
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			correlation := CrossCorrelation(c, in[0], in[1])
			diagonal := Diagonal(correlation.Graph(), d)
			zero := ZerosLike(correlation)
			on := ReduceAllSum(Where(diagonal, Square(OneMinus(correlation)), zero))
			off := ReduceAllSum(Where(diagonal, zero, Square(correlation)))
			return []*Node{Add(on, MulScalar(off, lambda))}
		},
	}
}

// CrossCorrelation returns the cross-correlation [d, d] of two embeddings a and b, [d, batch] each:
// row i, column j compares feature i of a with feature j of b. Each feature is normalised over the
// batch of all devices with the biased variance, as in a batch norm.
func CrossCorrelation(c *block.Ctx, a, b *Node) *Node {
	n := a.Shape().Dim(1) * c.Devices()
	products := c.Total(DotGeneral(ops.Norm(c, a, nil), []int{1}, nil, ops.Norm(c, b, nil), []int{1}, nil))
	return MulScalar(products, 1/float64(n))
}
