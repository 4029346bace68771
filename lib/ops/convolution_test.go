package ops_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/ops"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// forced returns an engine that computes every convolution in the given way.
func forced(t *testing.T, l block.Lowering, way string, plan *block.Plan) *block.Engine {
	t.Helper()
	record := backend.NewChoices(nil, "")
	l.Choices = record
	e := lowered(t, l)
	if err := e.Race(nil, plan); err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for place := range record.All() {
		known[place] = way
		if strings.HasPrefix(place, "full") && way == "grouped" {
			known[place] = "dense"
		}
	}
	if len(known) == 0 {
		t.Fatal("the plan asks for no ways")
	}
	l.Choices = backend.NewChoices(known, "")
	return lowered(t, l)
}

// TestEveryWayToConvolveComputesTheSame compares XLA's convolutions with sums of shifted images:
// outputs and all gradients, in both layouts.
func TestEveryWayToConvolveComputesTheSame(t *testing.T) {
	const batch = 2
	mix := golden.Array{Shape: []int{1}, Data: []float32{0.7}}
	for _, o := range []ops.Operation{
		{Name: "sep_conv_3x3", Stride: 1}, {Name: "sep_conv_5x5", Stride: 2}, {Name: "dil_conv_3x3", Stride: 2}, {Name: "dil_conv_5x5", Stride: 1, Size: 7},
	} {
		o.Channels, o.Size = 4, max(o.Size, 8)
		b := o.Mixed(batch)
		plan := block.NewPlan(func(r block.Runner) { r.Call("op", b, block.Sums(2), nil) })
		in := []golden.Array{normal(3, o.Channels, o.Size, o.Size, batch), mix}
		for _, layout := range []block.Layout{block.NHWC, block.CHWN} {
			if layout == block.CHWN && o.Name != "sep_conv_5x5" {
				continue
			}
			l := block.Lowering{Layout: layout, Plain: true}
			want := run(t, lowered(t, l), o, b, block.Separate, in...)
			for _, way := range []string{"grouped", "dense"} {
				t.Run(fmt.Sprintf("%s/%s/%s", o, layout, way), func(t *testing.T) {
					run(t, forced(t, l, way, plan), o, b, block.Separate, in...).close(t, want, 1e-5)
				})
			}
			if layout == block.NHWC && o.Name == "dil_conv_3x3" {
				half := block.Lowering{Layout: layout, Precision: block.BFloat16}
				for _, way := range []string{"grouped", "dense"} {
					t.Run(fmt.Sprintf("%s/%s/%s", o, half, way), func(t *testing.T) {
						run(t, forced(t, half, way, plan), o, b, block.Separate, in...).close(t, want, 0.1)
					})
				}
			}
		}
	}
}

// full is a convolution over all channels of images [3, 8, 8, batch].
func full(valid bool) *block.Block {
	return &block.Block{
		Name: fmt.Sprint("full ", valid), In: []shapes.Shape{block.Floats(3, 8, 8, 2)},
		Weights: []block.Weight{{Name: "w", Dims: []int{4, 27}, Fan: 27}},
		Fn: func(c *block.Ctx, in, w []*Node) []*Node {
			return []*Node{c.Site(in[0], func(x *Node) *Node {
				if valid {
					return ops.ConvValid(c, x, w[0], 3)
				}
				return ops.Conv3x3(c, x, w[0])
			})}
		},
	}
}

func TestAFullConvolutionIsThatOfPatches(t *testing.T) {
	for _, valid := range []bool{false, true} {
		// the operation supplies the weighted sum whose gradients are compared
		o := ops.Operation{Channels: 4, Size: 8, Stride: 1}
		if valid {
			o.Size = 6
		}
		b := full(valid)
		plan := block.NewPlan(func(r block.Runner) { r.Call("op", b, block.Sums(1), nil) })
		for _, layout := range []block.Layout{block.NHWC, block.CHWN} {
			l := block.Lowering{Layout: layout, Plain: true}
			x := normal(3, 3, 8, 8, 2)
			want := run(t, lowered(t, l), o, b, block.Separate, x)
			run(t, forced(t, l, "dense", plan), o, b, block.Separate, x).close(t, want, 1e-5)
		}
	}
}

// TestARaceDecidesOnceForAll: a run records the winners of its races. A later run reads them from
// the file and races no more. Executables use the winning way.
func TestARaceDecidesOnceForAll(t *testing.T) {
	file := t.TempDir() + "/choices/device.json"
	o := ops.Operation{Name: "sep_conv_3x3", Channels: 4, Size: 8, Stride: 2}
	plan := block.NewPlan(func(r block.Runner) { r.Call("op", o.Mixed(2), block.Sums(2), nil) })
	race := func(known map[string]string) (choices map[string]string, raced []string) {
		record := backend.NewChoices(known, file)
		e := lowered(t, block.Lowering{Layout: block.NHWC, Choices: record})
		for range 2 {
			if err := e.Race(func(done, total int, name string, _ time.Duration) {
				if raced = append(raced, name); done != len(raced) || total != 2 {
					t.Errorf("%d of %d: %s", done, total, name)
				}
			}, plan, plan); err != nil {
				t.Fatal(err)
			}
		}
		return record.All(), raced
	}
	first, raced := race(nil)
	const wide, small = "separable 3x3 stride 2 dilation 1 pad 1 4-4 8x8 b2, NHWC float32", "separable 3x3 stride 1 dilation 1 pad 1 4-4 4x4 b2, NHWC float32"
	if len(raced) != 2 || len(first) != 2 || first[wide] == "" || first[small] == "" {
		t.Fatalf("raced %q, chose %v", raced, first)
	}
	second, raced := race(nil)
	if len(raced) != 0 {
		t.Errorf("raced again: %q", raced)
	}
	for place, way := range first {
		if second[place] != way {
			t.Errorf("%s: %s, then %s", place, way, second[place])
		}
	}
	other := "dense"
	if first[wide] == other {
		other = "grouped"
	}
	if third, _ := race(map[string]string{wide: other}); third[wide] != other || third[small] != first[small] {
		t.Errorf("a run that had chosen %s: %v", other, third)
	}
}

// TestWhatComputesSomethingElseLosesTheRace: a way with wrong results loses, and so does a way that
// fails.
func TestWhatComputesSomethingElseLosesTheRace(t *testing.T) {
	ways := []string{"slow", "wrong", "broken", "right"}
	var b func() *block.Block
	b = func() *block.Block {
		return &block.Block{
			Name: "product", In: []shapes.Shape{block.Floats(2, 64, 64, 2)}, Weights: []block.Weight{{Name: "w", Dims: []int{1}, Fill: 3}},
			Fn: func(c *block.Ctx, in, w []*Node) []*Node {
				return []*Node{c.Site(in[0], func(x *Node) *Node {
					w := Reshape(w[0], 1, 1, 1, 1)
					switch c.Way("product", ways, b) {
					case "slow":
						s := x
						for range 40 {
							s = Sin(s)
						}
						return Mul(Add(x, MulScalar(s, 1e-9)), w)
					case "wrong":
						return Mul(x, AddScalar(w, 1))
					case "broken":
						return Reshape(x, 7)
					}
					return Mul(x, w)
				})}
			},
		}
	}
	e := lowered(t, block.Lowering{Choices: backend.NewChoices(nil, "")})
	if err := e.Race(nil, block.NewPlan(func(r block.Runner) { r.Call("p", b(), block.Sums(1), nil) })); err != nil {
		t.Fatal(err)
	}
	if way := e.Lowering.Choices.All()["product, CHWN float32"]; way != "slow" && way != "right" {
		t.Errorf("%q has won", way)
	}
}
