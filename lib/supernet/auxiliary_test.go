package supernet

import (
	"fmt"
	"math"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/ops"
	"github.com/gomlx/gomlx/core/tensors"
)

// The output of an edge with an auxiliary skip is that of the edge without, plus factor x skip on
// the channels of the operations. It is the same in one executable and in many.
func TestAuxiliarySkipAddsItsFactorTimesTheSkip(t *testing.T) {
	const channels, side, batch, factor = 4, 8, 3, 0.625
	e := open(t)
	for _, k := range []int{1, 2} {
		for _, stride := range []int{1, 2} {
			t.Run(fmt.Sprintf("k%d/stride%d", k, stride), func(t *testing.T) {
				x := edge{kept: []string{"none", "skip_connect", "dil_conv_3x3"}, auxiliary: true, channels: channels, side: side, stride: stride, partial: k, batch: batch}
				number := func(f float32) *block.Value {
					return block.NewValue(tensors.FromFlatDataAndDimensions([]float32{f}, 1))
				}
				var node backbone.State
				for _, s := range x.state() {
					values := make([]float32, s.Size())
					for i := range values {
						values[i] = float32(math.Sin(float64(7*i + s.Dim(0))))
					}
					node = append(node, block.NewValue(tensors.FromFlatDataAndDimensions(values, s.Dimensions...)))
				}
				w := weights{ops: []*block.Value{nil, number(0.25), number(0.5)}, auxiliary: number(factor)}
				if k > 1 {
					w.bypass = number(1)
				}
				without := w
				without.auxiliary = nil
				run := func(w weights) func(r block.Runner) []*block.Value {
					return func(r block.Runner) []*block.Value {
						sum := block.Sums(len(node))
						x.run(r, "", x.split(r, node), w, drops{}, sum)
						return sum
					}
				}
				params := block.NewPlan(func(r block.Runner) { run(w)(r) }).Params(1)
				values := func(params []*block.Param, f func(r block.Runner) []*block.Value) (v [][]float32) {
					tape := block.NewTape(e, params, block.Train, block.None)
					defer tape.Close()
					out := f(tape)
					for _, o := range out {
						o.Hold()
					}
					if err := tape.Run(); err != nil {
						t.Fatal(err)
					}
					for _, o := range out {
						v = append(v, o.Floats())
					}
					return v
				}
				with, plain := values(params, run(w)), values(params, run(without))
				skip := values(params, func(r block.Runner) []*block.Value {
					o := ops.Operation{Name: "skip_connect", Channels: channels / k, Size: side, Stride: stride}
					return r.Call("auxiliary", o.Mixed(batch), []*block.Value{x.split(r, node)[0], number(1)}, nil)
				})[0]
				for i := range skip {
					if want := plain[0][i] + factor*skip[i]; math.Abs(float64(with[0][i]-want)) > 1e-6 {
						t.Fatalf("value %d: %g, want %g", i, with[0][i], want)
					}
				}
				if k > 1 && fmt.Sprint(with[1]) != fmt.Sprint(plain[1]) {
					t.Error("by-passing channels changed")
				}

				b := x.fuse(x.String())
				fused := func(r block.Runner) []*block.Value { return r.Call("edge", b, x.inputs(node, w), nil) }
				one := block.NewPlan(func(r block.Runner) { fused(r) }).Params(1)
				var flat []float32
				for _, p := range params {
					flat = append(flat, p.Value.Floats()...)
				}
				one[0].Update(func(to, _ []float32) {
					if copy(to, flat) != len(flat) || len(to) != len(flat) {
						t.Fatalf("%d weights, want %d", len(to), len(flat))
					}
				})
				for part, got := range values(one, fused) {
					for i := range got {
						if math.Abs(float64(got[i]-with[part][i])) > 1e-5 {
							t.Fatalf("in one executable value %d is %g, want %g", i, got[i], with[part][i])
						}
					}
				}
			})
		}
	}
}

func TestAuxiliarySkipsAreWeighedLikeTheirEdges(t *testing.T) {
	for _, partial := range []bool{false, true} {
		a := NewArch(FullSpace(), partial, 1)
		if m := a.NewMixing(); m.Auxiliary[0][0] != nil {
			t.Error("there are auxiliary skips with factor 0")
		}
		a.Auxiliary = 0.5
		for e := range cell.Edges {
			a.Beta[1][e] = float32(e)
		}
		m := a.NewMixing()
		for e, norm := range a.EdgeNorm(1) {
			if got := m.Auxiliary[1][e].Floats()[0]; got != float32(0.5*norm) {
				t.Errorf("partial %v, edge %d: %g, want half of %g", partial, e, got, norm)
			}
		}
	}
}
