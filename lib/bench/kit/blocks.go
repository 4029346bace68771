package kit

import (
	"fmt"
	"slices"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/search"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// result holds the outputs and gradients of a block.
type result struct {
	Name     string      `json:"name"`
	Value    []float32   `json:"value"`    // its outputs one after the other
	Gradient [][]float32 `json:"gradient"` // of each input with a gradient, then of the weights
	Error    string      `json:"error,omitempty"`
}

// forms are the ways in which convolutions are checked.
var forms = []struct {
	name   string
	native bool
}{{"shifted", false}, {"native", true}}

// blocks computes value and gradient of each block in each form, but for the first ones.
func blocks(b *backend.Backend, j job, tell func(answer)) error {
	all, err := blocksOf(b, j)
	if err != nil {
		return err
	}
	n := 0
	for _, form := range forms {
		e, err := block.Open(b, block.Options{})
		if err != nil {
			return err
		}
		e.Lowering.Native = form.native
		for _, one := range all {
			if n++; n <= j.Skip {
				continue
			}
			name := form.name + ": " + one.Name
			tell(answer{Begun: name})
			r := calculate(e, one)
			r.Name = name
			tell(answer{Block: &r})
		}
	}
	return nil
}

// blocksOf lists the different blocks of the search network and of the found network.
func blocksOf(b *backend.Backend, j job) (all []*block.Block, err error) {
	s := j.Search
	set := noise(4 * s.Batch)
	add := func(p *block.Plan) {
		for _, c := range p.Calls {
			if !slices.ContainsFunc(all, func(o *block.Block) bool { return o.Name == c.Block.Name }) {
				all = append(all, c.Block)
			}
		}
	}
	t, err := search.New(b, set, s)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	add(t.Plan())
	if n := j.Train; n != nil {
		g, _ := cell.Published("PC_DARTS_cifar")
		net := network.New(g, n.Cells, n.Channels, len(set.Classes), set.Train.Channels, set.Train.Height, n.Batch, n.Auxiliary > 0)
		add(block.NewPlan(func(r block.Runner) { net.Run(r, &block.Value{}, nil) }))
	}
	return all, nil
}

// noise is a set of colour images, whose pixels do not matter.
func noise(n int) *data.Set {
	const side, channels, classes = 32, 3, 10
	set := &data.Set{
		Name: "noise", Mean: []float32{0.5, 0.5, 0.5}, Std: []float32{0.25, 0.25, 0.25},
		Train: data.Images{N: n, Height: side, Width: side, Channels: channels, Pixels: make([]uint8, n*side*side*channels), Labels: make([]uint8, n)},
	}
	for i := range set.Train.Pixels {
		set.Train.Pixels[i] = uint8(i * i % 251)
	}
	for i := range n {
		set.Train.Labels[i] = uint8(i % classes)
	}
	for i := range classes {
		set.Classes = append(set.Classes, fmt.Sprint(i))
	}
	return set
}

// calculate runs the forward and the backward pass of a block. The result contains a failure.
func calculate(e *block.Engine, b *block.Block) (r result) {
	defer func() {
		if p := recover(); p != nil {
			r.Error = fmt.Sprint(p)
		}
	}()
	c := checked(b)
	plan := block.NewPlan(func(n block.Runner) { n.Call("checked", c, block.Sums(len(c.In)), nil) })
	params := plan.Params(1)
	tape := block.NewTape(e, params, block.Train, block.Joint)
	defer tape.Close()
	in := inputs(b)
	out := tape.Call("checked", c, in, nil)
	if err := tape.Run(); err != nil {
		return result{Error: err.Error()}
	}
	r.Value = out[1].Floats()
	tape.Seed(out[0], 1)
	if err := tape.Backward(true); err != nil {
		return result{Error: err.Error()}
	}
	for _, v := range in[:len(in)-b.Const] {
		r.Gradient = append(r.Gradient, v.Gradient())
	}
	for _, p := range params {
		if p.Trainable() {
			r.Gradient = append(r.Gradient, p.Value.Gradient())
		}
		p.Value.DropGradient()
		p.Value.Set(nil)
	}
	for _, v := range in {
		v.DropGradient()
		v.Set(nil)
	}
	return r
}

// inputs are the arrays of a block, flat. Their values are odd multiples of 2^-20 between -1 and 1,
// so that all devices begin with the same bits, and none stands at the kink of a ReLU; labels are 0
// and 1.
func inputs(b *block.Block) (all []*block.Value) {
	state := uint32(1)
	for _, s := range b.In {
		n := s.Size()
		if s.DType == dtypes.Int32 {
			labels := make([]int32, n)
			for i := range labels {
				labels[i] = int32(i % 2)
			}
			all = append(all, block.NewValue(tensors.FromFlatDataAndDimensions(labels, n)))
			continue
		}
		x := make([]float32, n)
		for i := range x {
			state = state*1664525 + 1013904223 // Numerical Recipes' generator
			x[i] = float32(2*(int(state>>12)-1<<19)+1) / (1 << 20)
		}
		all = append(all, block.NewValue(tensors.FromFlatDataAndDimensions(x, n)))
	}
	return all
}

// checked is a block whose inputs are flat, in the order of their declared shapes, and whose
// outputs are a scalar, the sum of the block's outputs with fixed factors, and these outputs, flat.
// Layouts then differ inside the block only.
func checked(b *block.Block) *block.Block {
	c := *b
	c.Name, c.Outs = "checked "+b.Name, 2
	c.In = make([]shapes.Shape, len(b.In))
	for i, s := range b.In {
		c.In[i] = shapes.Make(s.DType, s.Size())
	}
	c.Fn = func(ctx *block.Ctx, flat, w []*Node) []*Node {
		l := ctx.Lowering()
		in := make([]*Node, len(flat))
		for i, s := range b.In {
			in[i] = Reshape(flat[i], s.Dimensions...)
			if s.Rank() == 4 {
				in[i] = l.From(in[i])
			}
		}
		var sum, all *Node
		for _, y := range b.Fn(ctx, in, w) {
			if y.Rank() == 4 { // back to the declared order
				channels, height, width, batch := l.Layout.Axes()
				y = TransposeAllDims(y, channels, height, width, batch)
			}
			y = Reshape(ConvertDType(y, dtypes.Float32), y.Shape().Size())
			factors := MulScalar(ConvertDType(AddScalar(Mod(IotaFull(y.Graph(), shapes.Make(dtypes.Int32, y.Shape().Size())), Scalar(y.Graph(), dtypes.Int32, 23)), -11), dtypes.Float32), 0.125)
			s := ReduceAllSum(Mul(y, factors))
			if sum == nil {
				sum, all = s, y
			} else {
				sum, all = Add(sum, s), Concatenate([]*Node{all, y}, 0)
			}
		}
		return []*Node{sum, StopGradient(all)}
	}
	return &c
}
