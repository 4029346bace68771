package ops_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/ops"
)

// BenchmarkCapsules measures each capsule operation in turn with sep_conv_3x3. It measures an
// operation's part of a bilevel step: two forward passes and two backward passes, of which one
// leaves out the gradients of weights. The metrics are medians over the turns: the milliseconds of
// sep_conv_3x3, and two ratios of capsules to sep_conv_3x3, of time and of peak memory (arrays and
// saved values).
func BenchmarkCapsules(b *testing.B) {
	const batch = 64
	e := block.NewEngine(backendtest.Open(b).Backend)
	for _, shape := range []struct{ channels, side int }{{4, 32}, {8, 16}, {16, 8}, {16, 32}} {
		sep := newStep(b, e, ops.Operation{Name: "sep_conv_3x3", Channels: shape.channels, Size: shape.side, Stride: 1}, batch)
		for _, name := range []string{"capsule_dynamic_1", "capsule_dynamic", "capsule_dynamic_3", "capsule_em_1", "capsule_em", "capsule_em_3", "capsule_self"} {
			capsule := newStep(b, e, ops.Operation{Name: name, Channels: shape.channels, Size: shape.side, Stride: 1}, batch)
			b.Run(fmt.Sprintf("%s/%dx%dx%d", name, shape.channels, shape.side, shape.side), func(b *testing.B) {
				var ratios, seconds []float64
				for b.Loop() {
					ours, theirs := capsule.time(b), sep.time(b)
					ratios, seconds = append(ratios, ours/theirs), append(seconds, theirs)
				}
				b.ReportMetric(1e3*median(seconds), "sep-ms")
				b.ReportMetric(median(ratios), "x-time")
				b.ReportMetric(float64(capsule.memory)/float64(sep.memory), "x-memory")
			})
			capsule.tape.Close()
		}
		sep.tape.Close()
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// step runs one operation's part of a bilevel step.
type step struct {
	tape   *block.Tape
	pass   func(r block.Runner) []*block.Value
	memory int64
}

func newStep(b *testing.B, e *block.Engine, o ops.Operation, batch int) *step {
	x, mix := parity.Value(normal(1, o.Channels, o.Size, o.Size, batch)), parity.Value(golden.Array{Shape: []int{1}, Data: []float32{0.5}})
	s := &step{pass: func(r block.Runner) []*block.Value {
		y := r.Call("op", o.Mixed(batch), []*block.Value{x, mix}, nil)
		return r.Call("", weighted(o, batch), y, nil)
	}}
	plan := block.NewPlan(func(r block.Runner) { s.pass(r) })
	if err := e.Prepare(plan, block.Train, block.Separate, nil); err != nil {
		b.Fatal(err)
	}
	m, err := e.Memory(block.Pass{Network: s.pass, Mode: block.Train, Back: block.Separate, Weights: true})
	if err != nil {
		b.Fatal(err)
	}
	s.memory = m.Arrays
	s.tape = block.NewTape(e, plan.Params(1), block.Train, block.Separate)
	s.time(b)
	return s
}

func (s *step) time(b *testing.B) float64 {
	start := time.Now()
	for _, weights := range []bool{false, true} {
		loss := s.pass(s.tape)[0]
		if err := s.tape.Run(); err != nil {
			b.Fatal(err)
		}
		s.tape.Seed(loss, 1)
		if err := s.tape.Backward(weights); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start).Seconds()
}
