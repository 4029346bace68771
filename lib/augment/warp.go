package augment

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Aim and Warp cut a window out of each picture and sample it along an affine map. They belong into two executables, and what uses the result into a
// third: in one, XLA merges all into the loop that reads, whatever barriers there are, and computes for every pixel anew where it lies. That takes four
// times as long.
//
// The window has the size of the picture, its corner is at (top, left), and it is black where it reaches out. The pixel in column X and row Y
// of the result, counted from the centre, comes from
//
//	column  m0 X + m1 Y + m2
//	row     m3 X + m4 Y + m5
//
// of the window, counted from its centre, by bilinear interpolation; outside of the window all is black. Whole pixels are exact.
// That is torchvision's crop, and its affine (without fill) on what was cut out.
//
// Aim finds out where the pixels of each view come from, for b pictures [height, width, channels]. top, left and the numbers of the matrix are float32
// [batch], with batch a multiple of b: picture i has the views i, i+b, i+2b, ...
func Aim(top, left *Node, matrix [6]*Node, b, height, width, channels int) *Aims {
	g, batch := top.Graph(), top.Shape().Dim(0)
	plane := shapes.Make(dtypes.Float32, height, width, batch)
	col := AddScalar(Iota(g, plane, 1), -float64(width-1)/2)
	row := AddScalar(Iota(g, plane, 0), -float64(height-1)/2)
	along := func(m []*Node, shift *Node, side int) axis {
		at := Add(Add(Mul(perView(m[0], col), col), Mul(perView(m[1], col), row)), perView(m[2], col))
		return sample(AddScalar(at, float64(side-1)/2), perView(shift, col), side)
	}
	x, y := along(matrix[:3], left, width), along(matrix[3:], top, height)
	slot := AddScalar(Mod(Iota(g, shapes.Make(dtypes.Int32, height, width, batch), 2), Const(g, int32(b))), 1)
	from := Add(Add(MulScalar(slot, height*width*channels), MulScalar(y.from, width*channels)), MulScalar(x.from, channels))
	return &Aims{From: from, X: [2]*Node{x.first, x.second}, Y: [2]*Node{y.first, y.second}}
}

// Aims says of each pixel of each view, all [height, width, batch], which four pixels it comes from.
type Aims struct {
	From *Node    // int32: where the upper left one is in the pictures' bytes
	X, Y [2]*Node // float32: weights of the left and the right ones, of the upper and the lower ones; 0 for what is black
}

// Warp samples pictures uint8 [b+2, height, width, channels], of which the first and the last are never seen: they only have to be there. The result
// is float32 [channels, height, width, batch], in 0..1.
func Warp(x *Node, a *Aims) *Node {
	_, _, _, c := sizes(x)
	dims := append([]int{c}, a.From.Shape().Dimensions...)
	spread := func(plane *Node) *Node { return ExpandAndBroadcast(plane, dims, []int{0}) }
	at := Add(spread(a.From), Iota(x.Graph(), shapes.Make(dtypes.Int32, dims...), 0))
	four := Gather(quads(x), InsertAxes(at, -1))
	pixel := func(n int) *Node {
		shifted := BitwiseShiftRightLogical(four, Const(x.Graph(), int32(8*n)))
		return ConvertDType(BitwiseAnd(shifted, Const(x.Graph(), int32(0xff))), dtypes.Float32)
	}
	line := func(n int) *Node { return Add(Mul(spread(a.X[0]), pixel(n)), Mul(spread(a.X[1]), pixel(n+1))) }
	return DivScalar(Add(Mul(spread(a.Y[0]), line(0)), Mul(spread(a.Y[1]), line(2))), 255)
}

// axis is where to read along one axis: the pixel from which, -1..side-1, and the weights of this pixel and of the next; all [height, width,
// batch].
type axis struct{ from, first, second *Node }

// sample reads at a position in a window that starts at shift, both in pixels.
func sample(at, shift *Node, side int) axis {
	g, whole := at.Graph(), Floor(at)
	second := Sub(at, whole)
	source := Add(whole, shift)
	// The pixel n further counts if it is in the window and in the picture.
	within := func(weight *Node, n float64) *Node {
		in := func(x *Node) *Node {
			return LogicalAnd(GreaterOrEqual(x, Const(g, float32(-n))), LessOrEqual(x, Const(g, float32(float64(side-1)-n))))
		}
		return Where(LogicalAnd(in(whole), in(source)), weight, ZerosLike(weight))
	}
	from := ConvertDType(ClipScalar(source, -1, float64(side-1)), dtypes.Int32)
	return axis{from, within(OneMinus(second), 0), within(second, 1)}
}

// quads packs every 2 x 2 neighbours of a channel into one int32, so that four pixels are one read. x is taken as one line of bytes; the quad that starts
// at one has it in its lowest byte, then its right, lower and lower right neighbour. Beyond the border that is a pixel of another row or
// picture, whose weight is 0: therefore the pictures before the first and after the last.
func quads(x *Node) *Node {
	b, h, w, c := sizes(x)
	line := ConvertDType(Reshape(x, b*h*w*c), dtypes.Int32)
	length := (b*h-1)*w*c - c
	q := Slice(line, AxisRange(0, length))
	for n, shift := range []int{c, w * c, (w + 1) * c} {
		q = BitwiseOr(q, BitwiseShiftLeft(Slice(line, AxisRange(shift, shift+length)), Const(x.Graph(), int32(8*(n+1)))))
	}
	return q
}

// perView spreads one value a view, v [batch], over the shape of x, [..., batch].
func perView(v, x *Node) *Node {
	d := x.Shape().Dimensions
	axes := make([]int, len(d)-1)
	for i := range axes {
		axes[i] = i
	}
	return ExpandAndBroadcast(v, d, axes)
}
