package adversary

import (
	"fmt"
	"math/rand/v2"

	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Ball is the set of images within Eps of a batch's images in every pixel (L-infinity).
type Ball struct {
	Mean, Std   []float32 // per channel, of the images' normalisation, on the scale 0..1
	Side, Batch int       // of one device's part
	Eps         float64   // in 0..1
}

// Search configures the search for adversarial images.
type Search struct {
	Steps int     // number of steps along the sign of the gradient
	Step  float64 // length of each step, on the scale 0..1
	// Random draws the starting point in the ball; nil starts at the image itself.
	Random *rand.Rand
}

// Find returns images in the ball around a batch [channels, side, side, b] at which a loss is
// larger. gradient adds the gradient of the loss to its argument. The caller owns the result, a
// value as of block.NewValue, and the batch. Find returns the errors of gradient and of the device,
// and an error if the loss does not depend on the images.
func (b Ball) Find(e *block.Engine, images *block.Value, s Search, gradient func(x *block.Value) error) (*block.Value, error) {
	x, err := b.start(e, images, s)
	if err != nil {
		return nil, err
	}
	step := b.step(s.Step)
	for range s.Steps {
		g, err := gradientAt(x, gradient)
		if err == nil {
			err = compute(e, step, []*block.Value{images, x, g}, x)
			g.Set(nil)
		}
		if err != nil {
			x.Set(nil)
			return nil, err
		}
	}
	return x, nil
}

// gradientAt returns the gradient at x.
func gradientAt(x *block.Value, gradient func(x *block.Value) error) (*block.Value, error) {
	x.DropGradient()
	if err := gradient(x); err != nil {
		return nil, err
	}
	g := x.TakeGradient()
	if g == nil {
		return nil, fmt.Errorf("the loss does not depend on the images, so there are no adversarial ones")
	}
	return g, nil
}

// start returns the starting point of a search.
func (b Ball) start(e *block.Engine, images *block.Value, s Search) (*block.Value, error) {
	size := len(b.Mean) * b.Side * b.Side
	noise := make([]float32, b.Batch*e.Width()*size)
	if s.Random != nil {
		for i := range noise {
			noise[i] = 2*s.Random.Float32() - 1
		}
	}
	drawn := e.Split(tensors.FromFlatDataAndDimensions(noise, b.Batch*e.Width(), size), 0)
	defer drawn.Set(nil)
	x := block.NewValue(nil)
	return x, compute(e, b.displacement(), []*block.Value{images, drawn}, x)
}

// compute runs a block and stores its output in a value.
func compute(e *block.Engine, b *block.Block, in []*block.Value, out *block.Value) error {
	tape := block.NewTape(e, nil, block.Evaluate, block.None)
	defer tape.Close()
	made := tape.Call("", b, in, nil)[0].Hold()
	if err := tape.Run(); err != nil {
		return err
	}
	out.Take(made)
	return nil
}

// images returns the shape of a batch.
func (b Ball) images() shapes.Shape { return block.Floats(len(b.Mean), b.Side, b.Side, b.Batch) }

func (b Ball) String() string {
	return fmt.Sprintf("%v mean %v std %v eps %v", b.images(), b.Mean, b.Std, b.Eps)
}

// perChannel returns a constant with one number per channel that broadcasts over images.
func perChannel(c *block.Ctx, g *Graph, values []float64) *Node {
	dims := []int{1, 1, 1, 1}
	channels, _, _, _ := c.Lowering().Layout.Axes()
	dims[channels] = len(values)
	flat := make([]float32, len(values))
	for i, v := range values {
		flat[i] = float32(v)
	}
	return Reshape(Const(g, flat), dims...)
}

// normalised computes a number per channel from its mean and standard deviation.
func (b Ball) normalised(f func(mean, std float64) float64) (all []float64) {
	for i := range b.Mean {
		all = append(all, f(float64(b.Mean[i]), float64(b.Std[i])))
	}
	return all
}

// lengths converts a distance in pixels into distances in normalised images, per channel.
func (b Ball) lengths(pixels float64) []float64 {
	return b.normalised(func(_, std float64) float64 { return pixels / std })
}

// project projects y onto the ball around x, and onto valid pixels.
func (b Ball) project(c *block.Ctx, y, x *Node) *Node {
	g := x.Graph()
	eps := perChannel(c, g, b.lengths(b.Eps))
	y = Max(Min(y, Add(x, eps)), Sub(x, eps))
	black := perChannel(c, g, b.normalised(func(mean, std float64) float64 { return -mean / std }))
	white := perChannel(c, g, b.normalised(func(mean, std float64) float64 { return (1 - mean) / std }))
	return Max(Min(y, white), black)
}

func float(x *Node) *Node { return ConvertDType(x, dtypes.Float32) }

// displacement moves images by Eps times noise [b, channels*side*side] in -1..1.
func (b Ball) displacement() *block.Block {
	size := len(b.Mean) * b.Side * b.Side
	return &block.Block{
		Name: fmt.Sprint("adversarial start ", b), In: []shapes.Shape{b.images(), block.Floats(b.Batch, size)}, Const: 2,
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			noise := Reshape(in[1], b.Batch, len(b.Mean), b.Side, b.Side)
			noise = float(c.Lowering().From(TransposeAllAxes(noise, 1, 2, 3, 0)))
			x := float(in[0])
			return []*Node{b.project(c, Add(x, Mul(noise, perChannel(c, x.Graph(), b.lengths(b.Eps)))), x)}
		},
	}
}

// step moves the adversarial images (second input) along the sign of the gradient (third), within
// the ball around the clean ones (first).
func (b Ball) step(by float64) *block.Block {
	return &block.Block{
		Name: fmt.Sprint("adversarial step ", by, " ", b), In: []shapes.Shape{b.images(), b.images(), b.images()}, Const: 3,
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			x, y, g := float(in[0]), float(in[1]), float(in[2])
			return []*Node{b.project(c, Add(y, Mul(Sign(g), perChannel(c, x.Graph(), b.lengths(by)))), x)}
		},
	}
}

// Shifted returns images + by * direction, both of the batch's shape, without a projection onto the
// ball. The caller owns the result. Shifted returns an error if the device fails.
func (b Ball) Shifted(e *block.Engine, images, direction *block.Value, by float32) (*block.Value, error) {
	factor := block.NewValue(tensors.FromFlatDataAndDimensions([]float32{by}, 1))
	defer factor.Set(nil)
	x := block.NewValue(nil)
	return x, compute(e, &block.Block{
		Name: fmt.Sprint("images along ", b.images()), In: []shapes.Shape{b.images(), b.images(), block.Floats(1)}, Const: 3,
		Fn: func(_ *block.Ctx, in, _ []*Node) []*Node {
			return []*Node{Add(float(in[0]), Mul(float(in[1]), Reshape(in[2])))}
		},
	}, []*block.Value{images, direction, factor}, x)
}
