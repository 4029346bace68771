package fit

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// CrossEntropy returns the block of the mean of -log softmax(logits)[label] over the batch of all
// devices. Inputs are logits [classes, batch] and labels int32 [batch]; the output is a scalar [].
func CrossEntropy(classes, batch int) *block.Block {
	return &block.Block{
		Name:  fmt.Sprintf("cross entropy %d b%d", classes, batch),
		In:    []shapes.Shape{block.Floats(classes, batch), shapes.Make(dtypes.Int32, batch)},
		Const: 1,
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			logProbability := LogSoftmax(in[0], 0)
			labels := TransposeAllAxes(OneHot(in[1], classes, in[0].DType()), 1, 0)
			sum := c.Total(ReduceAllSum(Mul(logProbability, labels)))
			return []*Node{Neg(DivScalar(sum, float64(batch*c.Devices())))}
		},
	}
}

// CountCorrect counts the images of all devices whose label has the largest logit. logits [classes,
// batch] and labels [batch] must be computed.
func CountCorrect(logits, labels *block.Value) float64 {
	right := 0
	for d, part := range logits.Tensors() {
		scores, b := tensors.MustCopyFlatData[float32](part), part.Shape().Dim(1)
		for i, label := range tensors.MustCopyFlatData[int32](labels.Tensors()[d]) {
			best := 0
			for c := range len(scores) / b {
				if scores[c*b+i] > scores[best*b+i] {
					best = c
				}
			}
			if best == int(label) {
				right++
			}
		}
	}
	return float64(right)
}

// CountCorrectOn returns a block that counts like CountCorrect on an engine's devices. Inputs are
// logits [classes, batch] and labels int32 [batch]; the output is a scalar []. It is nil for
// devices that share the host's memory, because the host counts as fast there.
func CountCorrectOn(e *block.Engine, classes, batch int) *block.Block {
	if !separateMemory(e) {
		return nil
	}
	return &block.Block{
		Name:  fmt.Sprintf("right %d b%d", classes, batch),
		In:    []shapes.Shape{block.Floats(classes, batch), shapes.Make(dtypes.Int32, batch)},
		Const: 2,
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			right := Equal(ArgMax(in[0], 0, dtypes.Int32), in[1])
			return []*Node{c.Total(ReduceAllSum(ConvertDType(right, dtypes.Float32)))}
		},
	}
}

// Read takes scalars [] from a tape between its two passes; no other call may read them. The
// returned function waits for them and returns one number per value. Call it once.
func Read(values ...*block.Value) func() []float64 {
	var kept []*block.Value
	for _, v := range values {
		k := block.NewValue(nil)
		k.Take(v)
		kept = append(kept, k)
	}
	return func() (read []float64) {
		for _, k := range kept {
			read = append(read, float64(k.Floats()[0]))
			k.Set(nil)
		}
		return read
	}
}
