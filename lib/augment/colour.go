package augment

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// The colour operations follow torchvision. They take float images x [channels, height, width,
// batch] in 0..1 and one factor per view, float32 [batch], and return images of the same shape.
// Results are clipped to 0..1.

// Brightness multiplies x [channels, height, width, batch] by factor [batch].
func Brightness(x, factor *Node) *Node { return unit(Mul(x, perView(factor, x))) }

// Contrast blends x [channels, height, width, batch] with the mean gray of each view. A factor
// [batch] above 1 moves the pixels away from that gray, a factor below 1 towards it.
func Contrast(x, factor *Node) *Node {
	gray := Luma(x)
	d := gray.Shape().Dimensions
	pixels := d[0] * d[1]
	// XLA computes a product with ones several times as fast as a sum.
	mean := Dot(Ones(gray.Graph(), shapes.Make(dtypes.Float32, pixels)), Reshape(gray, pixels, d[2])).Product()
	return blend(x, perView(DivScalar(mean, float64(pixels)), x), factor)
}

// Saturation blends x [channels, height, width, batch] with its gray version. A factor [batch]
// above 1 makes the colours stronger, a factor below 1 weaker.
func Saturation(x, factor *Node) *Node { return blend(x, everyChannel(Luma(x), x), factor) }

// Grayscale replaces the views of x [channels, height, width, batch] by their gray version where
// gray [batch] is not 0.
func Grayscale(x, gray *Node) *Node {
	return Where(perView(NotEqual(gray, ZerosLike(gray)), x), everyChannel(Luma(x), x), x)
}

// Hue rotates the hue of x [3, height, width, batch] by turn [batch], a fraction of the colour
// circle in -0.5..0.5. In HSV (Smith 1978) the channels are
//
//	value - chroma clip(min(k, 4-k), 0, 1)    k = (hue + n) mod 6, hue in sixths, n = 5, 3, 1
//
// A turn of 0 leaves every bit of a view as it is. Hue panics if x does not have three channels.
func Hue(x, turn *Node) *Node {
	if c := x.Shape().Dim(0); c != 3 {
		exceptions.Panicf("pictures have %d channels: only those with 3 have a hue", c)
	}
	channel := func(i int) *Node { return Squeeze(Slice(x, AxisElem(i)), 0) }
	r, g, b := channel(0), channel(1), channel(2)
	value := Max(Max(r, g), b)
	chroma := Sub(value, Min(Min(r, g), b))
	span := Where(Equal(chroma, ZerosLike(chroma)), OnesLike(chroma), chroma)
	hue := Where(Equal(value, r), Div(Sub(g, b), span),
		Where(Equal(value, g), AddScalar(Div(Sub(b, r), span), 2),
			AddScalar(Div(Sub(r, g), span), 4))) // -1 .. 5
	hue = Add(hue, MulScalar(perView(turn, hue), 6)) // -4 .. 8

	n := ExpandAndBroadcast(Const(x.Graph(), []float32{5 + 6, 3 + 6, 1 + 6}), x.Shape().Dimensions, []int{1, 2, 3})
	k := Add(everyChannel(hue, x), n)                   // > 0
	k = Sub(k, MulScalar(Floor(MulScalar(k, 1./6)), 6)) // 0 .. 6
	k = ClipScalar(Min(k, AddScalar(Neg(k), 4)), 0, 1)
	turned := Sub(everyChannel(value, x), Mul(everyChannel(chroma, x), k))
	return Where(perView(Equal(turn, ZerosLike(turn)), x), x, turned)
}

// Luma computes the gray value of ITU-R BT.601 from x [channels, height, width, batch]; the result
// is [height, width, batch]. The gray value of images without three channels is the mean of their
// channels.
func Luma(x *Node) *Node {
	d := x.Shape().Dimensions
	weights := []float32{0.2989, 0.587, 0.114} // as torchvision rounds them
	if d[0] != 3 {
		weights = make([]float32, d[0])
		for i := range weights {
			weights[i] = 1 / float32(d[0])
		}
	}
	if d[0] == 1 {
		return Squeeze(x, 0)
	}
	// This is a product because XLA would compute the input of x three times to add its slices.
	return Reshape(Dot(Const(x.Graph(), weights), Reshape(x, d[0], d[1]*d[2]*d[3])).Product(), d[1:]...)
}

// blend returns factor x + (1 - factor) other.
func blend(x, other, factor *Node) *Node {
	f := perView(factor, x)
	return unit(Add(Mul(f, x), Mul(OneMinus(f), other)))
}

func unit(x *Node) *Node { return ClipScalar(x, 0, 1) }

// everyChannel repeats a plane [height, width, batch] for each channel of x.
func everyChannel(plane, x *Node) *Node {
	return ExpandAndBroadcast(plane, x.Shape().Dimensions, []int{0})
}
