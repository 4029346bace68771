package network

import (
	"fmt"
	"slices"
	"time"

	"github.com/essnas/essnas/lib/block"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Pixels is a model that reads images as pixels in 0..1 and computes gradients with respect to
// them, in evaluation mode. Weights and running statistics stay unchanged. Attacks and saliency
// maps use it.
//
// Images are float32 [Batch, channels*side*side], channel by channel as in PyTorch. The network
// begins with their normalisation by the data set's mean and standard deviation. A change of 8/255
// is thus 8 grey levels in every channel, and valid pixels lie in 0..1.
type Pixels struct {
	model     *Model
	normalise *block.Block
	forward   *block.Tape // forward only
	backward  *block.Tape
}

// Pixels returns a view of the model that reads pixels. mean and std [channels] are the data set's,
// on the scale 0..1. Load the weights before: Pixels copies the running statistics to the device.
// It returns an error unless there are as many means and deviations as channels. Close frees its
// memory on the device.
func (m *Model) Pixels(mean, std []float32) (*Pixels, error) {
	net := m.Net
	if len(mean) != net.ImageChannels || len(std) != net.ImageChannels {
		return nil, fmt.Errorf("images have %d channels, but there are %d means and %d standard deviations: give one per channel",
			net.ImageChannels, len(mean), len(std))
	}
	return &Pixels{
		model:     m,
		normalise: normalisation(net.Batch, net.ImageSide, mean, std),
		forward:   block.NewTape(m.engine, m.Params, block.Evaluate, block.None),
		backward:  block.NewTape(m.engine, m.Params, block.Evaluate, block.Images),
	}, nil
}

// normalisation computes (x - mean) / std per channel: [b, channels*side*side] -> [channels, side,
// side, b].
func normalisation(batch, side int, mean, std []float32) *block.Block {
	mean, std = slices.Clone(mean), slices.Clone(std)
	channels := len(mean)
	return &block.Block{
		Name: fmt.Sprintf("normalise %dx%dx%d by %v %v b%d", channels, side, side, mean, std, batch),
		In:   []shapes.Shape{block.Floats(batch, channels*side*side)},
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			x := Reshape(in[0], batch, channels, side, side)
			each := func(v []float32) *Node { return Reshape(Const(x.Graph(), v), 1, channels, 1, 1) }
			x = Div(Sub(x, each(mean)), each(std))
			return []*Node{c.Lowering().From(TransposeAllAxes(x, 1, 2, 3, 0))}
		},
	}
}

// Batch is the number of images in a call.
func (p *Pixels) Batch() int { return p.model.Net.Batch * p.model.engine.Width() }

// Classes is the number of logits per image.
func (p *Pixels) Classes() int { return p.model.Net.Classes }

// Channels is the number of channels of an image.
func (p *Pixels) Channels() int { return p.model.Net.ImageChannels }

// Side is the height and the width of an image in pixels.
func (p *Pixels) Side() int { return p.model.Net.ImageSide }

// Prepare compiles the executables of Logits and Gradient and reports each to report. It returns an
// error if a block does not compile.
func (p *Pixels) Prepare(report func(done, total int, name string, took time.Duration)) error {
	plan := block.NewPlan(func(r block.Runner) { p.run(r, &block.Value{}) })
	e := p.model.engine
	if err := e.Prepare(plan, block.Evaluate, block.None, report); err != nil {
		return err
	}
	return e.Prepare(plan, block.Evaluate, block.Images, report)
}

// Close frees the view's memory on the device; the model remains.
func (p *Pixels) Close() {
	p.forward.Close()
	p.backward.Close()
}

// run makes the calls of the network and returns the logits [classes, b].
func (p *Pixels) run(r block.Runner, images *block.Value) *block.Value {
	x := r.Call("", p.normalise, []*block.Value{images}, nil)[0]
	return p.model.Net.Run(r, x, nil).Logits
}

// Logits returns the logits [Batch, classes] of images [Batch, channels*side*side]. It returns an
// error if the number of pixels is not that of a batch, or the device fails.
func (p *Pixels) Logits(images []float32) ([]float32, error) {
	x, err := p.batch(images)
	if err != nil {
		return nil, err
	}
	defer x.Set(nil)
	defer p.forward.Release()
	logits := p.run(p.forward, x).Hold()
	if err := p.forward.Run(); err != nil {
		return nil, err
	}
	return slices.Concat(p.model.rows(logits)...), nil
}

// Gradient returns the gradient of a loss with respect to images, [Batch, channels*side*side].
// cotangent receives the logits [Batch, classes] and returns the gradient of the loss with respect
// to them, in the same order. Gradient returns an error if a number of values is wrong, or the
// device fails.
func (p *Pixels) Gradient(images []float32, cotangent func(logits []float32) []float32) ([]float32, error) {
	x, err := p.batch(images)
	if err != nil {
		return nil, err
	}
	defer x.Set(nil)
	defer p.backward.Release()
	logits := p.run(p.backward, x)
	if err := p.backward.Run(); err != nil {
		return nil, err
	}
	g := cotangent(slices.Concat(p.model.rows(logits)...))
	b, classes := p.Batch(), p.Classes()
	if len(g) != b*classes {
		return nil, fmt.Errorf("the gradient of the loss has %d values, but there are %d logits: return one value per logit", len(g), b*classes)
	}
	turned := make([]float32, len(g)) // [classes, b]
	for i := range b {
		for k := range classes {
			turned[k*b+i] = g[i*classes+k]
		}
	}
	p.backward.SeedFrom(logits, p.model.engine.Split(tensors.FromFlatDataAndDimensions(turned, classes, b), 1))
	if err := p.backward.Backward(false); err != nil {
		return nil, err
	}
	defer x.DropGradient()
	parts := x.Gradients()
	if len(parts) == 0 {
		return make([]float32, len(images)), nil
	}
	all := make([]float32, 0, len(images))
	for _, part := range parts {
		all = append(all, tensors.MustCopyFlatData[float32](part)...)
	}
	return all, nil
}

// batch copies images to the devices.
func (p *Pixels) batch(images []float32) (*block.Value, error) {
	b, size := p.Batch(), p.Channels()*p.Side()*p.Side()
	if len(images) != b*size {
		return nil, fmt.Errorf("%d pixels are not a batch of %d images of %d pixels: fill the batch with black images", len(images), b, size)
	}
	return p.model.engine.Split(tensors.FromFlatDataAndDimensions(images, b, size), 0), nil
}
