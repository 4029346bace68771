package augment

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/essnas/essnas/lib/data"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Feeder makes batches of images that lie on the device. Several goroutines may use it.
type Feeder struct {
	backend   compute.Backend
	images    data.Images // without pixels
	mean, std []float32
	batch     int
	options   Options

	pixels          *tensors.Tensor // uint8 [n, height, width, channels]
	augmented, bare executable
}

// executable is a graph that compiles on first use.
type executable struct {
	once  sync.Once
	graph *Graph
	err   error
}

// NewFeeder copies the images to the device, as bytes [n, height, width, channels]. Every batch has
// the given size. mean and std have one entry per channel, on the scale 0..1. Call Close to free
// the images.
//
// NewFeeder returns an error if pixels, labels, mean or std do not fit the images' size, if the
// batch is below 1, if the options make no sense for this size, or if the device has no room.
func NewFeeder(b compute.Backend, im data.Images, mean, std []float32, batch int, o Options) (*Feeder, error) {
	switch {
	case im.N == 0 || len(im.Pixels) != im.N*im.Height*im.Width*im.Channels || len(im.Labels) != im.N:
		return nil, fmt.Errorf("%d pictures of %dx%dx%d come with %d bytes of pixels and %d labels: load the data set again",
			im.N, im.Height, im.Width, im.Channels, len(im.Pixels), len(im.Labels))
	case len(mean) != im.Channels || len(std) != im.Channels:
		return nil, fmt.Errorf("pictures have %d channels, but there are %d means and %d standard deviations: give one for each channel", im.Channels, len(mean), len(std))
	case batch < 1:
		return nil, fmt.Errorf("the batch is %d: give at least 1", batch)
	case o.Crop < 0 || o.Crop > im.Height || o.Crop > im.Width:
		return nil, fmt.Errorf("crop is %d: give 0 (none) to %d, the pictures' side", o.Crop, min(im.Height, im.Width))
	case o.Cutout < 0 || o.Cutout%2 != 0:
		return nil, fmt.Errorf("cutout is %d: give an even number, or 0 for none", o.Cutout)
	}
	pixels, err := tensors.FromRaw(b, 0, shapes.Make(dtypes.Uint8, im.N, im.Height, im.Width, im.Channels), im.Pixels)
	if err != nil {
		return nil, fmt.Errorf("%d pictures don't fit on the device: %w", im.N, err)
	}
	im.Pixels = nil
	return &Feeder{backend: b, images: im, mean: mean, std: std, batch: batch, options: o, pixels: pixels}, nil
}

// Close frees the images on the device.
func (f *Feeder) Close() {
	if f.pixels != nil {
		f.pixels.MustFinalizeAll()
		f.pixels = nil
	}
}

// Batch returns the images with these indices as x, float32 [channels, height, width, batch] (or
// the result of Options.Out), and their labels y, int32 [batch]. The generator r draws the random
// steps; without one (nil) the images are only normalised. The caller frees both tensors.
//
// Batch returns an error if the feeder is closed, if the number of indices is not the batch size,
// if an index is out of range, or if the backend fails.
func (f *Feeder) Batch(index []int32, r *rand.Rand) (x, y *tensors.Tensor, err error) {
	labels, err := f.labels(index)
	if err != nil {
		return nil, nil, err
	}
	e, draw, width := &f.bare, index, 1
	if r != nil {
		e, draw, width = &f.augmented, f.options.draw(index, f.images.Height, f.images.Width, r), columns
	}
	if err := e.compile(func() (*Graph, []*Node) { return f.build(width) }); err != nil {
		return nil, nil, err
	}
	defer caught("making a batch of pictures", &err)
	in := tensors.FromFlatDataAndDimensions(draw, f.batch, width)
	defer in.MustFinalizeAll()
	x = e.graph.Run(f.pixels, in)[0]
	return x, tensors.FromFlatDataAndDimensions(labels, f.batch), nil
}

// labels returns the labels of the images with these indices.
func (f *Feeder) labels(index []int32) ([]int32, error) {
	if f.pixels == nil {
		return nil, errors.New("the pictures were freed: make a new feeder")
	}
	if len(index) != f.batch {
		return nil, fmt.Errorf("%d indices for a batch of %d: give as many as the feeder was made for", len(index), f.batch)
	}
	labels := make([]int32, len(index))
	for i, k := range index {
		if k < 0 || int(k) >= f.images.N {
			return nil, fmt.Errorf("there is no picture %d: there are %d", k, f.images.N)
		}
		labels[i] = int32(f.images.Labels[k])
	}
	return labels, nil
}

// build builds the graph for draws of this many columns. A draw of one column holds only the
// indices of the images.
func (f *Feeder) build(width int) (*Graph, []*Node) {
	im, o := f.images, f.options
	g := NewGraph(f.backend, "augment")
	all := Parameter(g, "pixels", shapes.Make(dtypes.Uint8, im.N, im.Height, im.Width, im.Channels))
	draw := Parameter(g, "draw", shapes.Make(dtypes.Int32, f.batch, width))
	of := func(i int) *Node { return Reshape(Slice(draw, AxisRange(), AxisElem(i)), f.batch) }
	x := Select(all, of(picture))
	if width > 1 && o.Crop > 0 {
		x = Crop(x, of(top), of(left), o.Crop)
	}
	if width > 1 && o.Flip {
		x = Flip(x, of(flip))
	}
	x = Normalize(x, f.mean, f.std)
	if width > 1 && o.Cutout > 0 {
		x = Cutout(x, of(row), of(column), o.Cutout)
	}
	return g, []*Node{o.out(CHWN(x))}
}

// compile compiles the graph on the first call.
func (e *executable) compile(build func() (*Graph, []*Node)) error {
	e.once.Do(func() {
		defer caught("compiling the augmentation", &e.err)
		g, out := build()
		e.err = g.Compile(out...)
		e.graph = g
	})
	return e.err
}
