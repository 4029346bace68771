package augment

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Aim computes the source pixels of every view. [Warp] then samples them. Together they cut a
// window out of each image and resample it along an affine map.
//
// The window has the size of the image, its corner lies at (top, left), and it is black outside the
// image. The pixel in column X and row Y of the result, counted from the centre, comes from
//
//	column  m0 X + m1 Y + m2
//	row     m3 X + m4 Y + m5
//
// of the window, counted from its centre, by bilinear interpolation; everything outside the window
// is black. Translations by whole pixels are exact. The result equals torchvision's crop followed
// by its affine (without fill).
//
// b images [height, width, channels] give batch views, and batch is a multiple of b: image i has
// the views i, i+b, i+2b, ... top, left and the numbers of the matrix are float32 [batch].
//
// Aim, Warp and the steps after them belong in three executables. In one executable XLA fuses them
// into the loop that reads, despite barriers, and computes the position anew for every pixel and
// channel, which takes four times as long.
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

// Aims holds the four source pixels of each pixel of each view. All its nodes are [height, width,
// batch].
type Aims struct {
	From *Node // int32: position of the upper left source pixel in the bytes of all images
	// float32: weights of left and right, and of upper and lower source pixels; 0 where black
	X, Y [2]*Node
}

// Warp samples images uint8 [b+2, height, width, channels] at the source pixels. The first and the
// last image are padding that no view shows. The result is float32 [channels, height, width, batch]
// in 0..1.
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

// axis holds the source pixels along one axis: the index of the first, -1..side-1, its weight and
// the weight of the next; all [height, width, batch].
type axis struct{ from, first, second *Node }

// sample returns the source pixels of a position in a window that starts at shift, both in pixels.
func sample(at, shift *Node, side int) axis {
	g, whole := at.Graph(), Floor(at)
	second := Sub(at, whole)
	source := Add(whole, shift)
	// The pixel n further counts if it lies in the window and in the image.
	within := func(weight *Node, n float64) *Node {
		in := func(x *Node) *Node {
			return LogicalAnd(GreaterOrEqual(x, Const(g, float32(-n))), LessOrEqual(x, Const(g, float32(float64(side-1)-n))))
		}
		return Where(LogicalAnd(in(whole), in(source)), weight, ZerosLike(weight))
	}
	from := ConvertDType(ClipScalar(source, -1, float64(side-1)), dtypes.Int32)
	return axis{from, within(OneMinus(second), 0), within(second, 1)}
}

// quads packs the 2 x 2 neighbours of each byte into one int32, so that four pixels take one read.
// x is read as one line of bytes. The lowest byte of a quad is the byte itself, followed by its
// right, lower and lower right neighbours. At the border these belong to another row or image and
// have weight 0; the padding images keep them within the tensor.
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

// perView broadcasts one value per view, v [batch], to the shape of x, [..., batch].
func perView(v, x *Node) *Node {
	d := x.Shape().Dimensions
	axes := make([]int, len(d)-1)
	for i := range axes {
		axes[i] = i
	}
	return ExpandAndBroadcast(v, d, axes)
}
