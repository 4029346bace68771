package search

import (
	"fmt"
	"math"
	"slices"

	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// This file keeps alphas and betas on a device whose memory is separate from the host's. Two
// executables per step replace 250 transfers of single numbers. One computes new alphas and betas
// from the gradients of the mixing weights, the other the mixing weights from these.

// architecture is the state on the device: alphas and betas in the order of Arch.Flat, and Adam's
// moments.
type architecture struct {
	flat, m, v *block.Value
	stale      bool // the host's copy is out of date
}

func vector(x ...float32) *block.Value {
	return block.NewValue(tensors.FromFlatDataAndDimensions(x, len(x)))
}

// updateMixing computes the mixing weights from alphas and betas.
func (t *Search) updateMixing() {
	if !t.Engine.SeparateMemory() {
		t.arch.Update(t.mixing)
		return
	}
	flat := t.onDevice.flat
	if !t.onDevice.stale {
		flat = vector(t.arch.Flat()...)
		defer flat.Set(nil)
	}
	auxiliary := vector(float32(t.arch.Auxiliary))
	defer auxiliary.Set(nil)
	if err := t.compute(t.mixingBlock(), []*block.Value{flat, auxiliary}, t.mixing.Values()); err != nil {
		panic(err)
	}
}

// compute runs a block and stores its outputs in values.
func (t *Search) compute(b *block.Block, in, out []*block.Value) error {
	tape := block.NewTape(t.Engine, nil, block.Evaluate, block.None)
	defer tape.Close()
	made := tape.Call("", b, in, nil)
	for _, v := range made {
		v.Hold()
	}
	if err := tape.Run(); err != nil {
		return err
	}
	for i, v := range out {
		v.Take(made[i])
	}
	return nil
}

// mixingBlock returns the block that computes mixing weights.
func (t *Search) mixingBlock() *block.Block {
	arch, mixing := t.arch, t.mixing
	return &block.Block{
		Name: fmt.Sprint("mixing weights of phase ", t.phase, " ", arch.Space, t.suffix()), In: []shapes.Shape{block.Floats(len(arch.Flat())), block.Floats(1)}, Const: 2, Outs: len(mixing.Values()),
		Fn: func(_ *block.Ctx, in, _ []*Node) []*Node { return arch.Mix(mixing, in[0], in[1]) },
	}
}

// stepBlock returns the block of the architecture's step. Its inputs are alphas and betas, Adam's
// moments and numbers, the weight of beta-decay, the factor of auxiliary skips, and the gradients
// of the mixing weights. Its outputs are alphas and betas, moments, and the sum of squares of the
// gradient.
func (t *Search) stepBlock() *block.Block {
	arch, mixing, limit := t.arch, t.mixing, t.settings.ArchClip
	n := block.Floats(len(arch.Flat()))
	weights := len(mixing.Values())
	in := append([]shapes.Shape{n, n, n, block.Floats(fit.AdamNumbers), block.Floats(1), block.Floats(1)}, slices.Repeat([]shapes.Shape{block.Floats(1)}, weights)...)
	return &block.Block{
		Name: fmt.Sprint("architecture of phase ", t.phase, " ", arch.Space, " ", limit, t.suffix()), In: in, Const: len(in), Outs: 4,
		Fn: func(c *block.Ctx, in, _ []*Node) []*Node {
			flat := in[0]
			loss := Mul(Reshape(in[4]), arch.BetaDecayOf(flat))
			if arch.ZeroOne > 0 {
				loss = Add(loss, MulScalar(arch.ZeroOneLossOf(flat), arch.ZeroOne))
			}
			for i, w := range arch.Mix(mixing, flat, in[5]) {
				loss = Add(loss, Reshape(Mul(w, c.Total(in[6+i]))))
			}
			g := Gradient(loss, flat)[0]
			squares := ReduceAllSum(Square(g))
			if limit > 0 {
				g = Mul(g, MinScalar(Div(Scalar(flat.Graph(), flat.DType(), limit), AddScalar(Sqrt(squares), 1e-6)), 1))
			}
			next, m, v := fit.AdamStep(in[3], flat, g, in[1], in[2])
			return []*Node{next, m, v, Reshape(squares, 1)}
		},
	}
}

// stepOnDevice updates alphas and betas on the device after a backward pass.
func (t *Search) stepOnDevice() (fit.Later, error) {
	d := &t.onDevice
	if d.flat == nil {
		m, v := t.adam.Moments(len(t.arch.Flat()))
		d.flat, d.m, d.v = vector(t.arch.Flat()...), vector(m...), vector(v...)
	}
	numbers, decay, auxiliary := vector(t.adam.Next(t.settings.ArchLR)...), vector(float32(t.decaying)), vector(float32(t.arch.Auxiliary))
	in := []*block.Value{d.flat, d.m, d.v, numbers, decay, auxiliary}
	for _, w := range t.mixing.Values() {
		g := w.TakeGradient()
		if g == nil {
			g = vector(0)
		}
		in = append(in, g)
	}
	defer func() {
		for _, v := range in[3:] {
			v.Set(nil)
		}
	}()
	squares := block.NewValue(nil)
	if err := t.compute(t.stepBlock(), in, []*block.Value{d.flat, d.m, d.v, squares}); err != nil {
		return nil, err
	}
	d.stale = true
	t.updateMixing()
	read := fit.Read(squares)
	return func() float64 { return math.Sqrt(read()[0]) }, nil
}

// syncHost copies alphas, betas and moments to the host.
func (t *Search) syncHost() {
	if d := &t.onDevice; d.stale {
		t.arch.SetFlat(d.flat.Floats())
		t.adam.SetMoments(d.m.Floats(), d.v.Floats())
		d.stale = false
	}
}

// freeDevice frees the state on the device; the host's is valid from now on.
func (t *Search) freeDevice() {
	for _, v := range []*block.Value{t.onDevice.flat, t.onDevice.m, t.onDevice.v} {
		if v != nil {
			v.Set(nil)
		}
	}
	t.onDevice = architecture{}
}

// suffix distinguishes the names of executables with sigmoids from those with the softmax.
func (t *Search) suffix() string {
	if !t.arch.Sigmoid {
		return ""
	}
	return fmt.Sprint(" sigmoid ", t.arch.ZeroOne)
}
