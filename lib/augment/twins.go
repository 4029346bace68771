package augment

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/essnas/essnas/lib/augment/distort"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Twins computes two views of the same images for losses that compare them. The views are distorted
// independently. Several goroutines may use it.
type Twins struct {
	feeder            *Feeder
	views             distort.Views
	aim, warp, colour executable // one after the other: see Aim
}

// Twins prepares pairs of views of the feeder's images, in batches of the feeder's size. Close of
// the feeder ends its use. It applies Out of the feeder's options and ignores the others. Twins
// returns an error if the views' settings make no sense for this image size.
func (f *Feeder) Twins(v distort.Views) (*Twins, error) {
	if err := v.Validate(f.images.Height, f.images.Width); err != nil {
		return nil, err
	}
	return &Twins{feeder: f, views: v}, nil
}

// Batch returns two views a and b of the images with these indices, float32 [channels, height,
// width, batch] each (or the results of Options.Out), and their labels y, int32 [batch]. The
// generator r draws the distortions: those of the first image for a, then for b, then those of the
// second image. Without a generator (nil) the images are only normalised. The caller frees the
// three tensors.
//
// Batch returns an error if the feeder is closed, if the number of indices is not the batch size,
// if an index is out of range, or if the backend fails.
func (t *Twins) Batch(index []int32, r *rand.Rand) (a, b, y *tensors.Tensor, err error) {
	n := len(index)
	all := make([]distortion, 2*n)
	for i := range n {
		for _, k := range []int{i, n + i} {
			all[k] = plain()
			if r != nil {
				all[k] = draw(t.views, t.feeder.images.Height, t.feeder.images.Width, r)
			}
		}
	}
	return t.apply(index, all)
}

// apply computes the views from their distortions: first those of a, then those of b.
func (t *Twins) apply(index []int32, all []distortion) (a, b, y *tensors.Tensor, err error) {
	labels, err := t.feeder.labels(index)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, e := range []struct {
		*executable
		build func() (*Graph, []*Node)
	}{{&t.aim, t.buildAim}, {&t.warp, t.buildWarp}, {&t.colour, t.buildColour}} {
		if err := e.compile(e.build); err != nil {
			return nil, nil, nil, err
		}
	}
	defer caught("making two views", &err)
	// Warp wants an image of padding at both ends.
	which := tensors.FromFlatDataAndDimensions(slices.Concat(index[:1], index, index[:1]), len(index)+2)
	defer which.MustFinalizeAll()
	how := tensors.FromFlatDataAndDimensions(numbers(all), distortionColumns, len(all))
	defer how.MustFinalizeAll()
	aimed := t.aim.graph.Run(t.feeder.pixels, which, how)
	defer finalize(aimed)
	warped := t.warp.graph.Run(aimed[0], aimed[1], aimed[2], aimed[3], aimed[4], aimed[5])
	defer finalize(warped)
	views := t.colour.graph.Run(warped[0], how)
	return views[0], views[1], tensors.FromFlatDataAndDimensions(labels, len(labels)), nil
}

// buildAim builds the graph from data set, indices (with two more, see Warp) and distortions to the
// images and the source pixels of both views.
func (t *Twins) buildAim() (*Graph, []*Node) {
	im, batch := t.feeder.images, t.feeder.batch
	g := NewGraph(t.feeder.backend, "aim")
	pixels := Parameter(g, "pixels", shapes.Make(dtypes.Uint8, im.N, im.Height, im.Width, im.Channels))
	index := Parameter(g, "index", shapes.Make(dtypes.Int32, batch+2))
	of := t.distortions(g)
	var matrix [6]*Node
	for i := range matrix {
		matrix[i] = of(columnMatrix + i)
	}
	a := Aim(of(columnTop), of(columnLeft), matrix, batch, im.Height, im.Width, im.Channels)
	return g, []*Node{Select(pixels, index), a.From, a.X[0], a.X[1], a.Y[0], a.Y[1]}
}

// buildWarp builds the graph from images and source pixels to views in 0..1.
func (t *Twins) buildWarp() (*Graph, []*Node) {
	im, batch := t.feeder.images, t.feeder.batch
	g := NewGraph(t.feeder.backend, "warp")
	x := Parameter(g, "pictures", shapes.Make(dtypes.Uint8, batch+2, im.Height, im.Width, im.Channels))
	plane := func(name string, d dtypes.DType) *Node {
		return Parameter(g, name, shapes.Make(d, im.Height, im.Width, 2*batch))
	}
	return g, []*Node{Warp(x, &Aims{
		From: plane("from", dtypes.Int32),
		X:    [2]*Node{plane("left", dtypes.Float32), plane("right", dtypes.Float32)},
		Y:    [2]*Node{plane("upper", dtypes.Float32), plane("lower", dtypes.Float32)},
	})}
}

// buildColour builds the graph of colours, normalisation and erasing. It leaves out steps that
// can't happen.
func (t *Twins) buildColour() (*Graph, []*Node) {
	f, v := t.feeder, t.views
	im, batch := f.images, f.batch
	g := NewGraph(f.backend, "colour")
	x := Parameter(g, "views", shapes.Make(dtypes.Float32, im.Channels, im.Height, im.Width, 2*batch))
	of := t.distortions(g)
	jitter, coloured := func(strength float64) bool { return v.Jitter.Probability > 0 && strength > 0 }, im.Channels == 3
	if jitter(v.Jitter.Brightness) {
		x = Brightness(x, of(columnBrightness))
	}
	if jitter(v.Jitter.Contrast) {
		x = Contrast(x, of(columnContrast))
	}
	if coloured && jitter(v.Jitter.Saturation) {
		x = Saturation(x, of(columnSaturation))
	}
	if coloured && jitter(v.Jitter.Hue) {
		x = Hue(x, of(columnHue))
	}
	if coloured && v.Grayscale > 0 {
		x = Grayscale(x, of(columnGray))
	}
	channel := func(v []float32) *Node {
		return ExpandAndBroadcast(Const(g, v), x.Shape().Dimensions, []int{1, 2, 3})
	}
	x = Div(Sub(x, channel(f.mean)), channel(f.std))
	if v.Erase.Probability > 0 {
		x = Rectangle(x, of(columnErase), of(columnErase+1), of(columnErase+2), of(columnErase+3))
	}
	view := func(n int) *Node {
		return f.options.out(Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisRange(n*batch, (n+1)*batch)))
	}
	return g, []*Node{view(0), view(1)}
}

// distortions adds the distortions as an input of the graph. The returned function selects one
// column, float32 [2 batch].
func (t *Twins) distortions(g *Graph) func(column int) *Node {
	n := 2 * t.feeder.batch
	all := Parameter(g, "distortions", shapes.Make(dtypes.Float32, distortionColumns, n))
	return func(column int) *Node { return Reshape(Slice(all, AxisElem(column)), n) }
}

// Rectangle sets the rows top..bottom-1 of the columns left..right-1 to 0: x [channels, height,
// width, batch], one rectangle per view, its borders float32 [batch] in pixels.
func Rectangle(x, top, left, bottom, right *Node) *Node {
	within := func(from, to *Node, axis int) *Node {
		at := Iota(x.Graph(), x.Shape(), axis)
		return LogicalAnd(GreaterOrEqual(at, perView(from, at)), LessThan(at, perView(to, at)))
	}
	return Where(LogicalAnd(within(top, bottom, 1), within(left, right, 2)), ZerosLike(x), x)
}

// caught turns a panic of the graph library into an error.
func caught(doing string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s: %v", doing, p)
	}
}

func finalize(all []*tensors.Tensor) {
	for _, x := range all {
		x.MustFinalizeAll()
	}
}
