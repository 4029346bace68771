package ops

import (
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	. "github.com/gomlx/gomlx/core/graph"
)

// pool implements the common part of both pools, which have no weights. In search networks a norm
// follows, so that the scale of its output gives no operation an advantage.
type pool struct{ weighted }

func (pool) weights(Operation, []cell.Window) []block.Weight { return nil }
func (pool) norms(Operation, []cell.Window) []int            { return nil }

func (pool) end(o Operation, c *block.Ctx, x, scale *Node) *Node {
	if o.Affine {
		return scaled(c, x, scale)
	}
	return Norm(c, x, scale)
}

// maxPool is the maximum of a window; padding never wins.
type maxPool struct{ pool }

// saves counts the output, which the norm reads, and one byte per value for the position of the
// maximum: more than a convolution saves.
func (maxPool) saves([]cell.Window) float64 { return 1.25 }

func (p maxPool) build(o Operation, windows []cell.Window, c *block.Ctx, x *Node, _ []*Node, scale *Node) *Node {
	k := windows[0].Size
	return p.end(o, c, MaxPooling(c, x, k, o.Stride, k/2), scale)
}

// averagePool is the mean of a window; padding is not counted.
type averagePool struct{ pool }

// saves counts the output, which the norm reads.
func (averagePool) saves([]cell.Window) float64 { return 1 }

func (p averagePool) build(o Operation, windows []cell.Window, c *block.Ctx, x *Node, _ []*Node, scale *Node) *Node {
	k := windows[0].Size
	return p.end(o, c, AvgPooling(c, x, k, o.Stride, k/2), scale)
}
