package export

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/essnas/essnas/lib/internal/safetensors"
	"google.golang.org/protobuf/encoding/protowire"
)

// Pixels describes the images that an exported network takes.
type Pixels struct {
	Channels, Side int
	// Mean and Std [channels] are the mean and standard deviation of the network's training, on the
	// scale 0..1. If they are nil, the caller normalises the images.
	Mean, Std []float32
}

// The version of ONNX of the files. Opset 13, of 2020, is the first with all operations of the
// networks.
const (
	opset     = 13
	irVersion = 7
)

// ONNX returns a network as an ONNX file: input "images" float32 [batch, channels, side, side],
// output "logits" float32 [batch, classes], any batch. texts become the file's metadata.
//
// ONNX returns an error if a layer's kind is unknown, if mean and standard deviation do not fit the
// channels, or if the file would have more than the 2 GiB that protobuf allows.
func ONNX(layers []Layer, p Pixels, texts map[string]string) ([]byte, error) {
	g := &onnxGraph{}
	image := "images"
	if p.Mean != nil {
		if len(p.Mean) != p.Channels || len(p.Std) != p.Channels {
			return nil, fmt.Errorf("images have %d channels, but there are %d means and %d standard deviations", p.Channels, len(p.Mean), len(p.Std))
		}
		each := func(name string, v []float32) string {
			return g.constant(name, safetensors.Array{Shape: []int{1, p.Channels, 1, 1}, F32: v})
		}
		g.node("Sub", "centred", []string{image, each("mean", p.Mean)})
		image = g.node("Div", "normalised", []string{"centred", each("std", p.Std)})
	}
	classes := 0
	names := make([]string, len(layers))
	for i, l := range layers {
		var in []string
		for _, j := range l.In {
			if j == Image {
				in = append(in, image)
			} else {
				in = append(in, names[j])
			}
		}
		names[i] = fmt.Sprintf("%s%d", l.Kind, i)
		if i == len(layers)-1 {
			names[i] = "logits"
			classes = len(l.Arrays["bias"].F32)
		}
		if err := g.layer(l, names[i], in); err != nil {
			return nil, err
		}
	}
	g.text(2, "essnas")
	g.value(11, "images", p.Channels, p.Side, p.Side)
	g.value(12, "logits", classes)
	var m message
	m.number(1, irVersion)
	m.text(2, "essnas")
	m.bytes(7, g.message)
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		var entry message
		entry.text(1, key)
		entry.text(2, texts[key])
		m.bytes(14, entry)
	}
	var version message
	version.text(1, "")
	version.number(2, opset)
	m.bytes(8, version)
	if len(m) > math.MaxInt32 {
		return nil, fmt.Errorf("the ONNX file would have %d bytes, more than the format allows: export the weights as safetensors", len(m))
	}
	return m, nil
}

// onnxGraph is an incomplete GraphProto.
type onnxGraph struct{ message }

// layer writes the nodes of a layer.
func (g *onnxGraph) layer(l Layer, name string, in []string) error {
	weights := func(kinds ...string) []string {
		for _, k := range kinds {
			in = append(in, g.constant(l.Name+"."+k, l.Arrays[k]))
		}
		return in
	}
	square := func(k int) []int64 { return []int64{int64(k), int64(k)} }
	pad := int64(l.Pad)
	pads := ints("pads", pad, pad, pad, pad)
	switch l.Kind {
	case Conv:
		g.node("Conv", name, weights("weight"), ints("kernel_shape", square(l.Kernel)...), ints("strides", square(l.Stride)...),
			pads, ints("dilations", square(l.Dilation)...), integer("group", int64(l.Groups)))
	case Norm:
		g.node("BatchNormalization", name, weights("weight", "bias", "running_mean", "running_var"), float("epsilon", 1e-5))
	case Relu:
		g.node("Relu", name, in)
	case MaxPool:
		g.node("MaxPool", name, in, ints("kernel_shape", square(l.Kernel)...), ints("strides", square(l.Stride)...), pads)
	case AvgPool:
		g.node("AveragePool", name, in, ints("kernel_shape", square(l.Kernel)...), ints("strides", square(l.Stride)...), pads, integer("count_include_pad", 0))
	case Inner:
		index := func(what string, v ...int64) string {
			return g.constant(name+"."+what, safetensors.Array{Shape: []int{len(v)}, I64: v})
		}
		g.node("Slice", name, append(in, index("starts", 1, 1), index("ends", math.MaxInt32, math.MaxInt32), index("axes", 2, 3)))
	case Add:
		g.node("Add", name, in)
	case Concat:
		g.node("Concat", name, in, integer("axis", 1))
	case Mean:
		g.node("GlobalAveragePool", name+".pool", in)
		g.node("Flatten", name, []string{name + ".pool"}, integer("axis", 1))
	case Linear:
		g.node("Gemm", name, weights("weight", "bias"), integer("transB", 1))
	case Route:
		g.route(l, name, in[0])
	default:
		return fmt.Errorf("a layer of kind %s can't be written as ONNX", l.Kind)
	}
	return nil
}

// node writes a NodeProto with one output, whose name it returns.
func (g *onnxGraph) node(op, out string, in []string, attributes ...message) string {
	var n message
	for _, name := range in {
		n.text(1, name)
	}
	n.text(2, out)
	n.text(3, out)
	n.text(4, op)
	for _, a := range attributes {
		n.bytes(5, a)
	}
	g.bytes(1, n)
	return out
}

// constant writes an array as a TensorProto, whose name it returns.
func (g *onnxGraph) constant(name string, a safetensors.Array) string {
	var t message
	for _, d := range a.Shape {
		t.number(1, uint64(d))
	}
	raw := make([]byte, 0, 4*len(a.F32)+8*len(a.I64))
	kind := uint64(1) // FLOAT
	if a.I64 != nil {
		kind = 7 // INT64
	}
	for _, x := range a.F32 {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	for _, x := range a.I64 {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(x))
	}
	t.number(2, kind)
	t.text(8, name)
	t.bytes(9, raw)
	g.bytes(5, t)
	return name
}

// value writes a ValueInfoProto of float32 [batch, dims...].
func (g *onnxGraph) value(field protowire.Number, name string, dims ...int) {
	var shape, batch, tensor, typ, info message
	batch.text(2, "batch")
	shape.bytes(1, batch)
	for _, d := range dims {
		var dim message
		dim.number(1, uint64(d))
		shape.bytes(1, dim)
	}
	tensor.number(1, 1) // FLOAT
	tensor.bytes(2, shape)
	typ.bytes(1, tensor)
	info.text(1, name)
	info.bytes(2, typ)
	g.bytes(field, info)
}
