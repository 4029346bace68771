package fit

import (
	"fmt"
	"hash/crc32"
	"math"

	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// WeightedCrossEntropy is CrossEntropy with a weight per class, as PyTorch's
// CrossEntropyLoss(weight=w): the sum of w[label] * -log softmax(logits)[label] over the batch of
// all devices, divided by the sum of w[label]. Inputs are logits [classes, batch] and labels int32
// [batch]; the output is a scalar [].
func WeightedCrossEntropy(weights []float32, batch int) *block.Block {
	classes := len(weights)
	sum := crc32.NewIEEE() // equal names must mean equal weights
	for _, w := range weights {
		fmt.Fprintf(sum, "%x ", math.Float32bits(w))
	}
	return &block.Block{
		Name:  fmt.Sprintf("weighted cross entropy %d b%d %08x", classes, batch, sum.Sum32()),
		In:    []shapes.Shape{block.Floats(classes, batch), shapes.Make(dtypes.Int32, batch)},
		Const: 1,
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			logProbability := LogSoftmax(in[0], 0)
			labels := TransposeAllAxes(OneHot(in[1], classes, in[0].DType()), 1, 0)
			w := Mul(labels, ConvertDType(Const(in[0].Graph(), tensors.FromFlatDataAndDimensions(weights, classes, 1)), in[0].DType()))
			loss, total := c.Total(ReduceAllSum(Mul(logProbability, w))), StopGradient(c.Total(ReduceAllSum(w)))
			return []*Node{Neg(Div(loss, total))}
		},
	}
}

// Balanced returns weights with which all classes contribute alike: images / (classes * images of
// the class), counting only classes with images. A class without images has weight 0.
func Balanced(counts []int) []float32 {
	images, classes := 0, 0
	for _, n := range counts {
		images += n
		if n > 0 {
			classes++
		}
	}
	weights := make([]float32, len(counts))
	for k, n := range counts {
		if n > 0 {
			weights[k] = float32(images) / float32(classes*n)
		}
	}
	return weights
}
