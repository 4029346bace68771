package block

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Block is a part of a network that is compiled alone: a pure function of its inputs and weights.
// Properties that its shapes determine are declared beside the function, so that networks can be
// counted and initialised without a backend.
type Block struct {
	// Name identifies the function and its shapes ("sep_conv_3x3 16x32x32 s1 b64"). Blocks of one
	// name share one executable, so equal names must mean equal functions of equal shapes.
	Name string
	// In lists the shapes of the inputs. The last Const of them get no gradient in a training
	// (labels, masks, images). With gradients of images (Images), those that are floats get one.
	In    []shapes.Shape
	Const int
	// Outs is the number of outputs; 0 stands for 1.
	Outs int
	// Weights lists the arrays that are cut, in this order, from the flat vector of a call.
	Weights []Weight
	// Norms lists the channels of the batch norms with running statistics, in the order of their
	// Ctx.Moments calls.
	Norms []int
	// MACs is the number of multiply-accumulates of an image beside those of the weights (see
	// Weight.Positions): products of inputs.
	MACs int
	// Fn builds the graph from inputs and weights to outputs.
	Fn func(c *Ctx, in, w []*Node) []*Node
}

// Weight is one trainable array of a block.
type Weight struct {
	Name string
	Dims []int
	// Fan is the number of inputs that one output sums over. Initial values are uniform in
	// ±1/sqrt(Fan), PyTorch's default for convolutions and linear layers. With Fan 0 all values
	// start as Fill.
	Fan  int
	Fill float32
	// Positions is the number of output positions of one image that each value multiplies into:
	// size x Positions is the number of multiply-accumulates (MACs) of an image. It is 0 for
	// weights that multiply nothing (biases) or do not count (norms).
	Positions int
}

// Size returns the number of values.
func (w Weight) Size() int {
	n := 1
	for _, d := range w.Dims {
		n *= d
	}
	return n
}

// Floats returns the shape of a float32 array.
func Floats(dims ...int) shapes.Shape { return shapes.Make(dtypes.Float32, dims...) }

func (b *Block) outs() int { return max(1, b.Outs) }

// diff is the number of inputs with gradients; they come first.
func (b *Block) diff(back Backward) int {
	n := len(b.In) - b.Const
	if back == Images {
		for n < len(b.In) && b.In[n].DType.IsFloat() {
			n++
		}
	}
	return n
}

// size is the length of the flat vector of weights.
func (b *Block) size() (n int) {
	for _, w := range b.Weights {
		n += w.Size()
	}
	return
}

// stats is the length of the flat vector of running statistics: mean and variance of every channel.
func (b *Block) stats() (n int) {
	for _, c := range b.Norms {
		n += 2 * c
	}
	return
}

// weights returns the shapes of the declared weights.
func (b *Block) weights() []shapes.Shape {
	s := make([]shapes.Shape, len(b.Weights))
	for i, w := range b.Weights {
		s[i] = Floats(w.Dims...)
	}
	return s
}

// running returns the shapes of the running statistics: mean and variance of each norm.
func (b *Block) running() (s []shapes.Shape) {
	for _, c := range b.Norms {
		s = append(s, Floats(c), Floats(c))
	}
	return
}

// initial draws the initial flat vector. It depends on seed and label alone, not on the rest of the
// network.
func (b *Block) initial(seed uint64, label string) []float32 {
	h := fnv.New64a()
	fmt.Fprint(h, label)
	r := rand.New(rand.NewPCG(seed, h.Sum64()))
	flat := make([]float32, 0, b.size())
	for _, w := range b.Weights {
		bound := 0.0
		if w.Fan > 0 {
			bound = 1 / math.Sqrt(float64(w.Fan))
		}
		for range w.Size() {
			if w.Fan > 0 {
				flat = append(flat, float32((2*r.Float64()-1)*bound))
			} else {
				flat = append(flat, w.Fill)
			}
		}
	}
	return flat
}

// unit returns the running statistics before the first batch: mean 0, variance 1.
func (b *Block) unit() []float32 {
	var s []float32
	for _, c := range b.Norms {
		s = append(s, make([]float32, c)...)
		for range c {
			s = append(s, 1)
		}
	}
	return s
}
