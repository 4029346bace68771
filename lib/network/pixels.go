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

// Pixels is a model that reads images as pixels in 0..1 and gives gradients with respect to them:
// of the images only, in evaluation mode. The weights and the running statistics of its norms stay
// as they are. Attacks and saliency maps are made of it.
//
// Images are float32 [Batch, channels*side*side], each with its channels one after the other, as in
// PyTorch. Their normalisation by the data set's mean and standard deviation is the first thing
// that the network does, so a step of 8/255 is one of 8 grey levels in every channel, and the valid
// images are those in 0..1.
type Pixels struct {
	model     *Model
	normalise *block.Block
	look      *block.Tape // forward only
	pull      *block.Tape
}

// Pixels returns the model's view of pixels; mean and std [channels] are the data set's, on the
// scale 0..1. The running statistics of norms are copied to the device here, so weights are
// restored before. It returns an error where the number of means is not that of the images'
// channels. Close frees what it keeps on the device.
func (m *Model) Pixels(mean, std []float32) (*Pixels, error) {
	net := m.Net
	if len(mean) != net.ImageChannels || len(std) != net.ImageChannels {
		return nil, fmt.Errorf("images have %d channels, but there are %d means and %d standard deviations: give one for each channel",
			net.ImageChannels, len(mean), len(std))
	}
	return &Pixels{
		model:     m,
		normalise: normalisation(net.Batch, net.ImageSide, mean, std),
		look:      block.NewTape(m.engine, m.Params, block.Evaluate, block.None),
		pull:      block.NewTape(m.engine, m.Params, block.Evaluate, block.Images),
	}, nil
}

// normalisation is (x - mean) / std of every channel: [b, channels*side*side] -> [channels, side,
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

// Classes is the number of logits of an image.
func (p *Pixels) Classes() int { return p.model.Net.Classes }

// Channels is the number of an image's channels.
func (p *Pixels) Channels() int { return p.model.Net.ImageChannels }

// Side is an image's height and width.
func (p *Pixels) Side() int { return p.model.Net.ImageSide }

// Prepare compiles what Logits and Gradient need; report hears of each executable. It returns an
// error where a block does not compile.
func (p *Pixels) Prepare(report func(done, total int, name string, took time.Duration)) error {
	plan := block.NewPlan(func(r block.Runner) { p.run(r, &block.Value{}) })
	e := p.model.engine
	if err := e.Prepare(plan, block.Evaluate, block.None, report); err != nil {
		return err
	}
	return e.Prepare(plan, block.Evaluate, block.Images, report)
}

// Close frees what lies on the device; the model remains.
func (p *Pixels) Close() {
	p.look.Close()
	p.pull.Close()
}

// run makes the calls of the network, whose logits are [classes, b].
func (p *Pixels) run(r block.Runner, images *block.Value) *block.Value {
	x := r.Call("", p.normalise, []*block.Value{images}, nil)[0]
	return p.model.Net.Run(r, x, nil).Logits
}

// Logits are the scores [Batch, classes] of images. It returns an error where the number of pixels
// is not that of a batch, or where the device fails.
func (p *Pixels) Logits(images []float32) ([]float32, error) {
	x, err := p.batch(images)
	if err != nil {
		return nil, err
	}
	defer x.Set(nil)
	defer p.look.Release()
	logits := p.run(p.look, x).Hold()
	if err := p.look.Run(); err != nil {
		return nil, err
	}
	return slices.Concat(p.model.rows(logits)...), nil
}

// Gradient is that of a loss of the logits with respect to images, [Batch, channels*side*side].
// cotangent is given the logits [Batch, classes] and returns the loss's gradient with respect to
// them, in the same order. It returns an error where a number of values is wrong, or where the
// device fails.
func (p *Pixels) Gradient(images []float32, cotangent func(logits []float32) []float32) ([]float32, error) {
	x, err := p.batch(images)
	if err != nil {
		return nil, err
	}
	defer x.Set(nil)
	defer p.pull.Release()
	logits := p.run(p.pull, x)
	if err := p.pull.Run(); err != nil {
		return nil, err
	}
	g := cotangent(slices.Concat(p.model.rows(logits)...))
	b, classes := p.Batch(), p.Classes()
	if len(g) != b*classes {
		return nil, fmt.Errorf("the loss has a gradient of %d numbers for %d logits", len(g), b*classes)
	}
	turned := make([]float32, len(g)) // [classes, b]
	for i := range b {
		for k := range classes {
			turned[k*b+i] = g[i*classes+k]
		}
	}
	p.pull.SeedFrom(logits, p.model.engine.Split(tensors.FromFlatDataAndDimensions(turned, classes, b), 1))
	if err := p.pull.Backward(false); err != nil {
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

// batch lays images on the devices.
func (p *Pixels) batch(images []float32) (*block.Value, error) {
	b, size := p.Batch(), p.Channels()*p.Side()*p.Side()
	if len(images) != b*size {
		return nil, fmt.Errorf("%d pixels are not a batch of %d images of %d: fill it up with black ones", len(images), b, size)
	}
	return p.model.engine.Split(tensors.FromFlatDataAndDimensions(images, b, size), 0), nil
}
