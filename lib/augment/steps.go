package augment

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Select gathers images of a data set: all [n, height, width, channels], index int32 [batch] ->
// [batch, height, width, channels].
func Select(all, index *Node) *Node {
	return Gather(all, InsertAxes(index, -1))
}

// Crop pads each image with a border of black pixels and cuts out a window of the original size.
// The window's corner is at (top, left) of the padded image: x [batch, height, width, channels],
// top and left int32 [batch] in 0..2*padding. The corner (padding, padding) leaves an image
// unchanged.
func Crop(x, top, left *Node, padding int) *Node {
	b, h, w, _ := sizes(x)
	g, p := x.Graph(), compute.PadAxis{Start: padding, End: padding}
	padded := Pad(x, ScalarZero(g, x.DType()), compute.PadAxis{}, p, p, compute.PadAxis{})
	number := Iota(g, shapes.Make(dtypes.Int32, b), 0)
	windows := GatherSlices(padded, []int{0, 1, 2}, Stack([]*Node{number, top, left}, 1), []int{1, h, w}, false)
	return Reshape(windows, x.Shape().Dimensions...)
}

// Flip exchanges left and right of the images whose flip is not 0: x [batch, height, width,
// channels], flip int32 [batch].
func Flip(x, flip *Node) *Node {
	return Where(each(NotEqual(flip, ZerosLike(flip)), x), Reverse(x, 2), x)
}

// Normalize converts bytes x [batch, height, width, channels] to float32, (x/255 - mean) / std.
// mean and std have one entry per channel, on the scale 0..1; other lengths panic.
func Normalize(x *Node, mean, std []float32) *Node {
	if c := x.Shape().Dim(-1); len(mean) != c || len(std) != c {
		exceptions.Panicf("pictures have %d channels, mean %d and std %d", c, len(mean), len(std))
	}
	channel := func(v []float32) *Node {
		return ExpandAndBroadcast(Const(x.Graph(), v), x.Shape().Dimensions, []int{0, 1, 2})
	}
	x = DivScalar(ConvertDType(x, dtypes.Float32), 255)
	return Div(Sub(x, channel(mean)), channel(std))
}

// Cutout sets a square of each image to 0: the rows row-side/2 .. row+side/2-1 and the same range
// of columns, clipped at the border (arXiv:1708.04552). Centres are uniform, so squares at the
// border are smaller. x [batch, height, width, channels], row and column int32 [batch].
func Cutout(x, row, column *Node, side int) *Node {
	within := func(centre *Node, axis int) *Node {
		at := Iota(x.Graph(), shapes.Make(dtypes.Int32, x.Shape().Dimensions...), axis)
		from := AddScalar(at, side/2) // at >= centre - side/2, without negative numbers
		c := each(centre, x)
		return LogicalAnd(GreaterOrEqual(from, c), LessThan(at, AddScalar(c, side/2)))
	}
	return Where(LogicalAnd(within(row, 1), within(column, 2)), ZerosLike(x), x)
}

// CHWN transposes x [batch, height, width, channels] to the layout of the network, [channels,
// height, width, batch].
func CHWN(x *Node) *Node { return TransposeAllAxes(x, 3, 1, 2, 0) }

// each broadcasts one value per image, v [batch], to the shape of x.
func each(v, x *Node) *Node { return ExpandAndBroadcast(v, x.Shape().Dimensions, []int{1, 2, 3}) }

func sizes(x *Node) (b, h, w, c int) {
	d := x.Shape().Dimensions
	if len(d) != 4 {
		exceptions.Panicf("want pictures [batch, height, width, channels], got %s", x.Shape())
	}
	return d[0], d[1], d[2], d[3]
}
