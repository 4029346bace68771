package export

import (
	"fmt"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/safetensors"
	"github.com/essnas/essnas/lib/network"
)

// Kind is the kind of computation of a layer.
type Kind string

// The kinds of layers. x is the layer's input: images [batch, channels, height, width], if not
// stated otherwise.
const (
	Conv    Kind = "conv"    // convolution without bias
	Norm    Kind = "norm"    // batch normalisation with running statistics, epsilon 1e-5
	Relu    Kind = "relu"    // max(x, 0)
	MaxPool Kind = "maxpool" // the maximum of a window; padding never wins
	AvgPool Kind = "avgpool" // the mean of a window; padding is not counted
	Inner   Kind = "inner"   // x without its first row and column
	Add     Kind = "add"     // the sum of two inputs
	Concat  Kind = "concat"  // concatenation of the channels of all inputs
	Mean    Kind = "mean"    // mean over all positions: [batch, channels]
	Linear  Kind = "linear"  // [batch, features] -> [batch, classes]
	Route   Kind = "route"   // a layer of capsules, as in lib/ops/routing.go
)

// Image is the layer index that stands for the normalised images.
const Image = -1

// Layer is a step of a network.
type Layer struct {
	Kind Kind
	Name string // path of its arrays in PyTorch; "" for a layer without arrays
	In   []int  // indices of the layers it reads, or Image
	// Kernel, Stride, Pad, Dilation and Groups are the parameters of a convolution. Pools have the
	// first three.
	Kernel, Stride, Pad, Dilation, Groups int
	// Routing and Rounds are the parameters of a Route.
	Routing cell.Kind
	Rounds  int
	// Arrays holds the weights by PyTorch's names: weight, bias, running_mean, running_var. The
	// arrays of a Route have the names of package ops.
	Arrays map[string]safetensors.Array
}

// Layers lists the layers of a network in evaluation mode. The last layer computes the logits.
// params are the network's weights, as a Model has them. Layers returns an error if weights are
// missing or an operation is unknown.
func Layers(net *network.Network, params []*block.Param) (layers []Layer, err error) {
	b := &builder{params: map[string]*block.Param{}}
	for _, p := range params {
		b.params[p.Label] = p
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case missing:
			layers, err = nil, r
		default:
			panic(r)
		}
	}()
	s0, s1, before := b.stem(net)
	for _, p := range net.Places() {
		out := b.cell(net, p.Index, p.Type(), p.Stride, s0, s1, before != p.In)
		s0, s1, before = s1, out, p.In
	}
	mean := b.add(Layer{Kind: Mean, In: []int{s1}})
	head := b.arrays("classifier")
	b.add(Layer{Kind: Linear, Name: "classifier", In: []int{mean}, Arrays: map[string]safetensors.Array{
		"weight": head.take("linear"), "bias": head.take("bias"),
	}})
	return b.layers, nil
}

// stem adds the layers before the first cell and returns its inputs, with the side of the first.
func (b *builder) stem(net *network.Network) (s0, s1, side int) {
	if net.Stem != backbone.StemImageNet {
		stem := b.arrays("stem")
		x := b.norm(b.conv("stem.0", Image, stem.window("conv", 3), Layer{Kernel: 3, Pad: 1}), "stem.1", stem, "norm")
		return x, x, net.ImageSide
	}
	halving := Layer{Kernel: 3, Pad: 1, Stride: 2}
	first, second := b.arrays("stem0"), b.arrays("stem1")
	x := b.norm(b.conv("stem0.0", Image, first.window("conv0", 3), halving), "stem0.1", first, "norm0")
	s0 = b.norm(b.conv("stem0.3", b.relu(x), first.window("conv1", 3), halving), "stem0.4", first, "norm1")
	s1 = b.norm(b.conv("stem1.1", b.relu(s0), second.window("conv", 3), halving), "stem1.2", second, "norm")
	return s0, s1, 2 * net.StemSide()
}

// missing is an error that ends a builder.
type missing struct{ error }

type builder struct {
	params map[string]*block.Param
	layers []Layer
}

// add appends a layer and returns its index.
func (b *builder) add(l Layer) int {
	b.layers = append(b.layers, l)
	return len(b.layers) - 1
}

func (b *builder) conv(name string, x int, weight safetensors.Array, l Layer) int {
	l.Kind, l.Name, l.In = Conv, name, []int{x}
	l.Stride, l.Dilation, l.Groups = max(1, l.Stride), max(1, l.Dilation), max(1, l.Groups)
	l.Kernel = max(1, l.Kernel)
	l.Arrays = map[string]safetensors.Array{"weight": weight}
	return b.add(l)
}

// norm takes the next running statistics of a.
func (b *builder) norm(x int, name string, a *arrays, norm string) int {
	gain, bias := a.take(norm+".gain"), a.take(norm+".bias")
	n := len(gain.F32)
	if len(a.running) < 2*n {
		panic(missing{fmt.Errorf("the network has no running statistics for %s", a.label)})
	}
	mean, variance := a.running[:n], a.running[n:2*n]
	a.running = a.running[2*n:]
	vector := func(f []float32) safetensors.Array { return safetensors.Array{Shape: []int{n}, F32: f} }
	return b.add(Layer{Kind: Norm, Name: name, In: []int{x}, Arrays: map[string]safetensors.Array{
		"weight": gain, "bias": bias, "running_mean": vector(mean), "running_var": vector(variance),
	}})
}

func (b *builder) relu(x int) int { return b.add(Layer{Kind: Relu, In: []int{x}}) }

// cell adds a cell that reads layers s0 and s1. larger is true if the images of s0 have twice the
// side.
func (b *builder) cell(net *network.Network, index, typ int, stride func(from int) int, s0, s1 int, larger bool) int {
	genes, concat := net.Genotype.Normal, net.Genotype.NormalConcat
	if typ == 1 {
		genes, concat = net.Genotype.Reduce, net.Genotype.ReduceConcat
	}
	path := fmt.Sprintf("cells.%d.", index)
	label := fmt.Sprintf("cell%d/", index)
	nodes := []int{b.preprocess(path+"preprocess0.", b.arrays(label+"pre0"), s0, larger),
		b.preprocess(path+"preprocess1.", b.arrays(label+"pre1"), s1, false)}
	for i, g := range genes {
		to := cell.Inputs + i/2
		name := fmt.Sprintf("%sedge%d/%d-%d/%s", label, i, g.From, to, g.Op)
		y := b.operation(fmt.Sprintf("%s_ops.%d.", path, i), name, g.Op, nodes[g.From], stride(g.From))
		if to < len(nodes) {
			nodes[to] = b.add(Layer{Kind: Add, In: []int{nodes[to], y}})
		} else {
			nodes = append(nodes, y)
		}
	}
	joined := Layer{Kind: Concat}
	for _, n := range concat {
		joined.In = append(joined.In, nodes[n])
	}
	return b.add(joined)
}

// preprocess adds ReLU, 1x1 convolution and norm, or a factorized reduce.
func (b *builder) preprocess(path string, a *arrays, x int, reduce bool) int {
	if reduce {
		return b.halve(path, a, x)
	}
	return b.norm(b.conv(path+"op.1", b.relu(x), a.pointwise("conv"), Layer{}), path+"op.2", a, "norm")
}

// halve adds a factorized reduce: one convolution reads the even pixels, another the odd ones.
func (b *builder) halve(path string, a *arrays, x int) int {
	x = b.relu(x)
	even := b.conv(path+"conv_1", x, a.pointwise("even"), Layer{Stride: 2})
	odd := b.conv(path+"conv_2", b.add(Layer{Kind: Inner, In: []int{x}}), a.pointwise("odd"), Layer{Stride: 2})
	return b.norm(b.add(Layer{Kind: Concat, In: []int{even, odd}}), path+"bn", a, "norm")
}

// operation adds an operation of the search space, by its kind and its windows.
func (b *builder) operation(path, label, name string, x, stride int) int {
	o, known := cell.Lookup(name)
	if !known {
		panic(missing{fmt.Errorf("the operation %s can't be exported: it is unknown", name)})
	}
	switch o.Kind {
	case cell.MaxPool:
		return b.add(Layer{Kind: MaxPool, In: []int{x}, Kernel: o.Windows[0].Size, Stride: stride, Pad: o.Windows[0].Size / 2})
	case cell.AveragePool:
		return b.add(Layer{Kind: AvgPool, In: []int{x}, Kernel: o.Windows[0].Size, Stride: stride, Pad: o.Windows[0].Size / 2})
	case cell.Identity:
		if stride == 1 {
			return x
		}
		return b.halve(path, b.arrays(label), x)
	case cell.Separable, cell.CapsuleDynamic, cell.CapsuleEM, cell.CapsuleSelf:
	default:
		panic(missing{fmt.Errorf("the operation %s has no layers in PyTorch's and ONNX's terms: export the network to stablehlo", name)})
	}
	a := b.arrays(label)
	for i, w := range o.Windows {
		at := func(k int) string { return fmt.Sprintf("%sop.%d", path, 4*i+k) }
		weight := a.depthwise(fmt.Sprint("depthwise", i))
		x = b.conv(at(1), b.relu(x), weight, Layer{Kernel: w.Size, Stride: stride, Pad: w.Reach() / 2, Dilation: w.Dilation, Groups: weight.Shape[0]})
		x = b.norm(b.conv(at(2), x, a.pointwise(fmt.Sprint("pointwise", i)), Layer{}), at(3), a, fmt.Sprint("norm", i))
		stride = 1
	}
	if !o.Capsule() {
		return x
	}
	route := Layer{Kind: Route, Name: path + "route", In: []int{x}, Routing: o.Kind, Rounds: o.Rounds, Arrays: map[string]safetensors.Array{}}
	for _, name := range map[cell.Kind][]string{
		cell.CapsuleDynamic: {"transform"}, cell.CapsuleEM: {"transform", "beta_u", "beta_a"}, cell.CapsuleSelf: {"transform", "route"},
	}[o.Kind] {
		route.Arrays[name] = a.take(name)
	}
	return b.norm(b.add(route), path+"norm_routed", a, "norm_routed")
}
