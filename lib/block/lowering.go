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

// Lowering determines the form of images in an engine's executables. Blocks declare them as arrays
// of rank 4, float32 [channels, height, width, batch]. The lowering is the only switch between
// kinds of devices; the zero value suits a CPU. Executables exchange images in this form, so none
// of them transposes or converts. All other arrays (weights, their gradients, features, losses)
// keep their declared form.
type Lowering struct {
	Layout    Layout
	Precision Precision
	// Plain: executables consist of XLA operations only. Otherwise package customcall replaces, in
	// CHWN and float32, operations that are slow in XLA on a CPU.
	Plain bool
	// Native: convolutions are the backend's own unless Choices says otherwise (see Frozen).
	Native bool
	// Choices selects among several ways of the same computation (see Ctx.Way); nil selects the
	// first.
	Choices *backend.Choices
}

// Layout is the order of an image's axes.
type Layout int

const (
	// CHWN is [channels, height, width, batch]: slices and concatenations of channels are
	// contiguous, a 1x1 convolution is one matrix product, and shifts vectorise over the batch.
	CHWN Layout = iota
	// NHWC is [batch, height, width, channels], the preferred order of convolutions and tensor
	// cores on a GPU.
	NHWC
)

func (l Layout) String() string { return [...]string{"CHWN", "NHWC"}[l] }

// Axes returns the positions of an image's axes.
func (l Layout) Axes() (channels, height, width, batch int) {
	if l == NHWC {
		return 3, 1, 2, 0
	}
	return 0, 1, 2, 3
}

// Dims returns the sizes of an image's axes in this layout's order.
func (l Layout) Dims(channels, height, width, batch int) []int {
	if l == NHWC {
		return []int{batch, height, width, channels}
	}
	return []int{channels, height, width, batch}
}

// Precision is the type of the numbers in images.
type Precision int

const (
	// Float32: all numbers are float32.
	Float32 Precision = iota
	// BFloat16: convolutions read bfloat16, and executables exchange it. Sums, the statistics of
	// norms, losses, weights and their gradients remain float32.
	BFloat16
)

// precisions lists the names in settings.
var precisions = []string{"float32", "bf16"}

func (p Precision) String() string { return precisions[p] }

// ParsePrecision is the inverse of String; "" stands for Float32. It returns an error for any other
// name.
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

// DType returns the type of the numbers in images.
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

// image reports whether an array of this declared shape holds images.
func image(s shapes.Shape) bool { return s.Rank() == 4 && s.DType == dtypes.Float32 }

// Shape returns the shape on the device of an array of a declared shape.
func (l Lowering) Shape(s shapes.Shape) shapes.Shape {
	if !image(s) {
		return s
	}
	d := s.Dimensions
	return shapes.Make(l.DType(), l.Layout.Dims(d[0], d[1], d[2], d[3])...)
}

// Keep converts images from float32 in the layout's order to the form in which executables exchange
// them.
func (l Lowering) Keep(x *Node) *Node {
	if x.Rank() != 4 || x.DType() != dtypes.Float32 {
		return x
	}
	return ConvertDType(x, l.DType())
}

// From converts images, float32 [channels, height, width, batch], to the form of the engine. It
// serves for images from outside. It panics if the rank is not 4.
func (l Lowering) From(x *Node) *Node {
	if x.Rank() != 4 {
		exceptions.Panicf("want images [channels, height, width, batch], got %s", x.Shape())
	}
	return l.Keep(l.Layout.From(x))
}

// From transposes images [channels, height, width, batch] to the layout's order.
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

// kept returns the shapes of values after Keep.
func (l Lowering) kept(values []*Node) []shapes.Shape {
	kept := shapesOf(values)
	for i, s := range kept {
		if image(s) {
			kept[i].DType = l.DType()
		}
	}
	return kept
}

// floats copies an array to the host as float32.
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
