package search

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/settings"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// rehearse returns a search on a CPU that is treated as a GPU.
func rehearse(t *testing.T, s settings.Search) *Search {
	t.Helper()
	search, err := New(backendtest.Rehearse(t, 1), crops(t), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(search.Close)
	return search
}

// assisted is a search that uses every term of the architecture's step.
func assisted(precision string) settings.Search {
	s := tiny("")
	s.Precision, s.AuxiliarySkip, s.BetaDecay, s.Frozen = precision, 0.5, 20, 0
	return s
}

// TestASearchOnAGPUIsThatOnACPU compares two epochs in the layout and with the memory of a GPU with
// a CPU: metrics, alphas, betas, Adam's moments and weights.
func TestASearchOnAGPUIsThatOnACPU(t *testing.T) {
	s := assisted("float32")
	cpu, gpu := begin(t, crops(t), s), rehearse(t, s)
	for e := range s.Epochs {
		for i := range cpu.Steps(e) {
			want, err := cpu.Step(e, i)
			if err != nil {
				t.Fatal(err)
			}
			got, err := gpu.Step(e, i)
			if err != nil {
				t.Fatal(err)
			}
			for name, x := range want {
				if math.Abs(got[name]-x) > 2e-3*math.Max(1, math.Abs(x)) {
					t.Errorf("epoch %d, step %d: %s is %g, on a CPU %g", e, i, name, got[name], x)
				}
			}
		}
		_, want, err := cpu.EndEpoch(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := gpu.EndEpoch(t.Context(), e)
		if err != nil || !reflect.DeepEqual(got["genotype"], want["genotype"]) {
			t.Errorf("epoch %d: %v, %v, on a CPU %v", e, got["genotype"], err, want["genotype"])
		}
	}
	want, err := cpu.State()
	if err != nil {
		t.Fatal(err)
	}
	got, err := gpu.State()
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range want.Arrays {
		if a.F32 != nil {
			// four steps amplify rounding, because Adam divides by the gradient's size
			golden.Close(t, name, got.Arrays[name].F32, a.F32, 1e-2)
		}
	}
}

// give adds a gradient to a value, like a backward pass.
func give(t *testing.T, e *block.Engine, v *block.Value, g float32) {
	t.Helper()
	scale := &block.Block{Name: fmt.Sprint("times ", g), In: []shapes.Shape{block.Floats(1)}, Fn: func(_ *block.Ctx, in, _ []*Node) []*Node {
		return []*Node{Reshape(MulScalar(in[0], float64(g)))}
	}}
	tape := block.NewTape(e, nil, block.Train, block.Joint)
	defer tape.Close()
	y := tape.Call("", scale, []*block.Value{v}, nil)[0]
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	tape.Seed(y, 1)
	if err := tape.Backward(false); err != nil {
		t.Fatal(err)
	}
}

// TestTheArchitecturesStepOnTheDeviceIsTheHosts, for the same gradients of the mixing weights.
// After the step the mixing weights are those of the new alphas and betas.
func TestTheArchitecturesStepOnTheDeviceIsTheHosts(t *testing.T) {
	for _, clip := range []float64{0, 0.5} {
		t.Run(fmt.Sprint("gradients up to ", clip), func(t *testing.T) {
			s := assisted("float32")
			s.ArchClip = clip
			search := rehearse(t, s)
			search.decaying = 3
			host := *search.arch
			adam := fit.Adam{Beta1: 0.5, Beta2: 0.999, WeightDecay: 1e-3}
			mixing := host.NewMixing()
			search.updateMixing()
			for step := range 3 {
				host.Update(mixing)
				want := mixing.Values()
				for i, v := range search.mixing.Values() {
					golden.Close(t, "mixing weight", v.Floats(), want[i].Floats(), 1e-6)
				}
				for i, v := range want {
					g := float32(math.Round(4*math.Sin(float64(i+17*step)))) / 4 // few values
					give(t, search.Engine, v, g)
					give(t, search.Engine, search.mixing.Values()[i], g)
				}
				gradient := host.Gradient(mixing)
				_, decay := host.BetaDecay()
				for i := range gradient {
					gradient[i] += 3 * decay[i]
				}
				length := norm(gradient)
				if clip > 0 {
					if length < 2*clip {
						t.Fatalf("a gradient of length %g is hardly clipped at %g", length, clip)
					}
					for i := range gradient {
						gradient[i] *= float32(clip / length)
					}
				}
				adam.Step(host.Flat(), gradient, search.settings.ArchLR)
				read, err := search.stepOnDevice()
				if err != nil {
					t.Fatal(err)
				}
				golden.Close(t, "norm", []float32{float32(read())}, []float32{float32(length)}, 1e-5)
				search.syncHost()
				m, v := search.adam.Moments(len(gradient))
				wantM, wantV := adam.Moments(len(gradient))
				golden.Close(t, "first moments", m, wantM, 1e-5)
				golden.Close(t, "second moments", v, wantV, 1e-5)
				// the direction of a tiny gradient depends on rounding
				host.SetFlat(search.arch.Flat())
			}
		})
	}
}

// TestHalfPrecisionGoesOnInTheSameBits: a search in bf16 on the device, stopped and restored, ends
// like an uninterrupted one, and close to float32.
func TestHalfPrecisionGoesOnInTheSameBits(t *testing.T) {
	s := assisted("bf16")
	end := epochs(t, rehearse(t, s), 0, 2)
	half := epochs(t, rehearse(t, s), 0, 1)
	other := rehearse(t, s)
	if err := other.Restore(half); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(epochs(t, other, 1, 2), end) {
		t.Error("the restored search ends in other bits")
	}
	exact, err := rehearse(t, assisted("float32")).Step(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	m, err := rehearse(t, s).Step(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"train_loss", "arch_loss", "grad_norm"} {
		if math.Abs(m[name]/exact[name]-1) > 0.1 || m[name] == exact[name] {
			t.Errorf("%s is %g, in float32 %g", name, m[name], exact[name])
		}
	}
}

// TestAStepOnAGPUWaitsForNothing: the host reads nothing from the device while it launches a step,
// and only a few numbers afterwards.
func TestAStepOnAGPUWaitsForNothing(t *testing.T) {
	b := backendtest.Rehearse(t, 1)
	search := rehearse(t, assisted("float32"))
	if _, err := search.Step(0, 0); err != nil { // compiles
		t.Fatal(err)
	}
	before := b.Counts()
	read, err := search.Launch(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	launched := b.Counts()
	if n := launched.Waits - before.Waits; n != 0 {
		t.Errorf("a launch waits %d times", n)
	}
	if _, err := read(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d executions, %d uploads, %d reads", launched.Executions-before.Executions, launched.Uploads-before.Uploads, b.Counts().Waits-launched.Waits)
	if n := b.Counts().Waits - launched.Waits; n > 8 {
		t.Errorf("%d reads", n)
	}
}
