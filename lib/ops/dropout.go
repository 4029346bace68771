package ops

import (
	"hash/fnv"

	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Dropped is Mixed with element-wise dropout (arXiv:1904.12760, section 3.3). P-DARTS applies it to
// skip connections, because gradients flow through them without loss and they would win otherwise.
// The block has two additional inputs: the rate [1], and the seed int32 [1] of the random numbers.
func (o Operation) Dropped(batch int) *block.Block {
	b := o.Mixed(batch)
	b.Name += " dropout"
	b.In = append(b.In, block.Floats(1), shapes.Make(dtypes.Int32, 1))
	b.Const = 2
	b.Fn = func(c *block.Ctx, in, w []*Node) []*Node {
		y := o.Build(c, in[0], w, in[1])
		rate := Reshape(in[2])
		seed := in[3]
		if !o.Identity() { // the operations of an edge share a seed, but drop different values
			h := fnv.New32a()
			h.Write([]byte(o.Name))
			seed = Add(seed, Const(y.Graph(), int32(h.Sum32())))
		}
		u := uniform(y.Graph(), block.Floats(o.Channels, o.Out(), o.Out(), batch), seed)
		keep := GreaterOrEqual(c.Lowering().Layout.From(u), rate) // the same values in every layout
		scale := Reciprocal(OneMinus(rate))
		return []*Node{Mul(wide(y), Where(keep, scale, ZerosLike(scale)))}
	}
	return b
}

// uniform returns numbers in [0, 1) of shape s: a hash of position and seed. The backward pass
// computes the same numbers again, so the forward pass need not save them. (The hash is lowbias32
// of the hash-prospector project.)
func uniform(g *Graph, s shapes.Shape, seed *Node) *Node {
	constant := func(v uint32) *Node { return Const(g, v) }
	x := Iota(g, shapes.Make(dtypes.Uint32, s.Size()), 0)
	x = Add(x, Mul(BitwiseXor(ConvertDType(seed, dtypes.Uint32), constant(0x9e3779b9)), constant(0x85ebca6b)))
	for _, step := range []struct{ shift, factor uint32 }{{16, 0x7feb352d}, {15, 0x846ca68b}} {
		x = Mul(BitwiseXor(x, BitwiseShiftRightLogical(x, constant(step.shift))), constant(step.factor))
	}
	x = BitwiseXor(x, BitwiseShiftRightLogical(x, constant(16)))
	x = ConvertDType(BitwiseShiftRightLogical(x, constant(8)), s.DType) // 24 bits, exact in float32
	return Reshape(MulScalar(x, 1.0/(1<<24)), s.Dimensions...)
}
