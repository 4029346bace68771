package block

import (
	"fmt"

	"github.com/essnas/essnas/lib/backend"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Lowering is how an engine's executables keep images: arrays of rank 4, which blocks declare as
// float32 [channels, height, width, batch]. It is the one switch between devices: the zero value
// is what a CPU wants. Values that go from one executable to another are kept in this way, so that
// nothing is transposed or converted between them. All other arrays - weights, their gradients,
// features, losses - are as declared.
type Lowering struct {
	Layout    Layout
	Precision Precision
	// Plain: everything in XLA's operations, none by package customcall, which computes in CHWN and
	// float32 what XLA is slow at on a CPU.
	Plain bool
	// Native: convolutions are the backend's own, where nothing else was chosen (see Frozen).
	Native bool
	// Choices says which of several ways of computing the same is taken (see Ctx.Way); nil: the
	// first.
	Choices *backend.Choices
}

// Layout is the order of an image's axes.
type Layout int

const (
	// CHWN is [channels, height, width, batch]: slices and concatenations of channels are
	// contiguous, a 1x1 convolution is one matrix product, and shifts vectorise over the batch.
	CHWN Layout = iota
	// NHWC is [batch, height, width, channels], which the convolutions and tensor cores of GPUs
	// want.
	NHWC
)

func (l Layout) String() string { return [...]string{"CHWN", "NHWC"}[l] }

// Axes are the places of an image's axes.
func (l Layout) Axes() (channels, height, width, batch int) {
	if l == NHWC {
		return 3, 1, 2, 0
	}
	return 0, 1, 2, 3
}

// Dims are the sizes of an image's axes in their order.
func (l Layout) Dims(channels, height, width, batch int) []int {
	if l == NHWC {
		return []int{batch, height, width, channels}
	}
	return []int{channels, height, width, batch}
}

// Precision is the type of an image's numbers.
type Precision int

const (
	// Float32 everywhere.
	Float32 Precision = iota
	// BFloat16 for what convolutions read and what goes from one executable to another. Sums, the
	// statistics of norms, losses, weights and their gradients remain float32.
	BFloat16
)

// precisions are the names of settings.
var precisions = []string{"float32", "bf16"}

func (p Precision) String() string { return precisions[p] }

// ParsePrecision is the inverse of String; "" is Float32.
func ParsePrecision(name string) (Precision, error) {
	if name == "" {
		return Float32, nil
	}
	for i, n := range precisions {
		if n == name {
			return Precision(i), nil
		}
	}
	return 0, fmt.Errorf("precision is %q: choose one of %v", name, precisions)
}

// DType is that of images.
func (l Lowering) DType() dtypes.DType {
	if l.Precision == BFloat16 {
		return dtypes.BFloat16
	}
	return dtypes.Float32
}

func (l Lowering) String() string {
	s := fmt.Sprintf("%s %s", l.Layout, l.Precision)
	if l.Plain {
		s += " plain"
	}
	return s
}

// image says whether arrays of this declared shape are images.
func image(s shapes.Shape) bool { return s.Rank() == 4 && s.DType == dtypes.Float32 }

// Shape is how an array of a declared shape is kept.
func (l Lowering) Shape(s shapes.Shape) shapes.Shape {
	if !image(s) {
		return s
	}
	d := s.Dimensions
	return shapes.Make(l.DType(), l.Layout.Dims(d[0], d[1], d[2], d[3])...)
}

// Keep makes images in the layout what goes from one executable to another.
func (l Lowering) Keep(x *Node) *Node {
	if x.Rank() != 4 || x.DType() != dtypes.Float32 {
		return x
	}
	return ConvertDType(x, l.DType())
}

// From makes images [channels, height, width, batch] float32 what the engine keeps: for those that
// come from outside.
func (l Lowering) From(x *Node) *Node {
	if x.Rank() != 4 {
		exceptions.Panicf("want images [channels, height, width, batch], got %s", x.Shape())
	}
	return l.Keep(l.Layout.From(x))
}

// From orders the axes of images [channels, height, width, batch].
func (l Layout) From(x *Node) *Node {
	if l == NHWC {
		return TransposeAllAxes(x, 3, 1, 2, 0)
	}
	return x
}

func (l Lowering) shapes(declared []shapes.Shape) []shapes.Shape {
	kept := make([]shapes.Shape, len(declared))
	for i, s := range declared {
		kept[i] = l.Shape(s)
	}
	return kept
}

// kept are the shapes of what Keep makes of values.
func (l Lowering) kept(values []*Node) []shapes.Shape {
	kept := shapesOf(values)
	for i, s := range kept {
		if image(s) {
			kept[i].DType = l.DType()
		}
	}
	return kept
}

// floats copies an array to the host.
func floats(t *tensors.Tensor) []float32 {
	if t.DType() != dtypes.BFloat16 {
		return tensors.MustCopyFlatData[float32](t)
	}
	half := tensors.MustCopyFlatData[bfloat16.BFloat16](t)
	r := make([]float32, len(half))
	for i, x := range half {
		r[i] = x.Float32()
	}
	return r
}
