package block_test

import (
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
)

// settle frees garbage of earlier tests, and then disables the garbage collector.
func settle(t *testing.T, b *backend.Backend) {
	for last := uint64(0); last != b.Counts().Arrays+1; {
		last = b.Counts().Arrays + 1
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
	percent := debug.SetGCPercent(-1)
	t.Cleanup(func() { debug.SetGCPercent(percent) })
}

// TestMemoryIsWhatATapeTakes compares the computed memory of a pass with the arrays on the device.
func TestMemoryIsWhatATapeTakes(t *testing.T) {
	b := backendtest.Open(t)
	settle(t, b)
	var engines []*block.Engine // kept open, because they cache zeros
	defer runtime.KeepAlive(&engines)
	for _, c := range []struct {
		law     string
		back    block.Backward
		mode    block.Mode
		weights bool
	}{
		{"forward only: a value goes with its last reader", block.None, block.Evaluate, false},
		{"all gradients in one executable", block.Joint, block.Train, true},
		{"gradients of inputs and of weights apart", block.Separate, block.Train, true},
		{"gradients of inputs only", block.Separate, block.Train, false},
		{"gradients of images, in evaluation", block.Images, block.Evaluate, false},
	} {
		t.Run(c.law, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			x, gain := array(r, 4, batch), array(r, 1)
			params := block.NewPlan(func(r block.Runner) { network(r, x, gain) }).Params(7)
			pass := func(e *block.Engine) {
				tape := block.NewTape(e, params, c.mode, c.back)
				defer tape.Close()
				loss := network(tape, x, gain)
				if c.back == block.None {
					loss.Hold()
				}
				if err := tape.Run(); err != nil {
					t.Fatal(err)
				}
				if c.back != block.None {
					tape.Seed(loss, 1)
					if err := tape.Backward(c.weights); err != nil {
						t.Fatal(err)
					}
				}
			}
			drop := func() {
				x.DropGradient()
				gain.DropGradient()
				for _, p := range params {
					p.Value.DropGradient()
				}
			}
			before := b.Counts()
			e, other := block.NewEngine(b.Backend), block.NewEngine(b.Backend)
			engines = append(engines, e, other)
			pass(other) // moves weights and inputs to the device, where they stay
			drop()
			defer drop()
			e.Lanes = 1
			want, err := e.Memory(block.Pass{
				Network: func(r block.Runner) []*block.Value {
					return []*block.Value{network(r, &block.Value{}, block.Sums(1)[0])}
				},
				Mode: c.mode, Back: c.back, Weights: c.weights,
			})
			if err != nil {
				t.Fatal(err)
			}
			at := b.Counts()
			if before.Arrays == at.Arrays {
				t.Skip("the backend does not count its arrays")
			}
			b.MarkPeak()
			pass(e)
			now := b.Counts()
			if got := int64(now.ArrayPeak - at.ArrayBytes); got != want.Arrays {
				t.Errorf("the peak of arrays is %d bytes, predicted were %d", got, want.Arrays)
			}
			if c.back != block.None {
				if got := int64(now.ArrayBytes - at.ArrayBytes); got != want.Left {
					t.Errorf("%d bytes are left, predicted were %d", got, want.Left)
				}
			}
			if w := int64(4 * (4*5 + 5 + 5*5 + 5 + 4*5 + 5)); want.Weights != w {
				t.Errorf("weights of %d bytes, want %d", want.Weights, w)
			}
			if n := int64(4 * (4*batch + 1)); want.Inputs != n {
				t.Errorf("inputs of %d bytes, want %d", want.Inputs, n)
			}
		})
	}
}
