package fit

import (
	"fmt"

	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// CrossEntropy is the mean over the batch (of all devices) of -log softmax(logits)[label]: logits [classes, b] and labels int32 [b] in, a scalar
// [] out.
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

// Accuracy is the share of images whose label has the largest logit: logits [classes, b], labels [b], both computed, of all devices.
func Accuracy(logits, labels *block.Value) float64 {
	correct, images := 0, 0
	for d, part := range logits.Tensors() {
		scores, b := tensors.MustCopyFlatData[float32](part), part.Shape().Dim(1)
		images += b
		for i, label := range tensors.MustCopyFlatData[int32](labels.Tensors()[d]) {
			best := 0
			for c := range len(scores) / b {
				if scores[c*b+i] > scores[best*b+i] {
					best = c
				}
			}
			if best == int(label) {
				correct++
			}
		}
	}
	return float64(correct) / float64(images)
}
