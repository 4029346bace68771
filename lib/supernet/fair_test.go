package supernet

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/backbone"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	. "github.com/gomlx/gomlx/core/graph"
)

// fair returns an architecture with random alphas whose operations do not compete.
func fair() *Arch {
	a := NewArch(FullSpace(), true, 1)
	a.Sigmoid, a.ZeroOne = true, 10
	flat := a.Flat()
	for i := range flat {
		flat[i] = float32(2 * math.Sin(float64(i)))
	}
	a.SetFlat(flat)
	return a
}

// slopes compares the gradient of f with respect to Flat with central differences.
func slopes(t *testing.T, a *Arch, gradient []float32, f func() float64) {
	t.Helper()
	const h = 1e-2
	flat := a.Flat()
	for i := range flat {
		at := flat[i]
		flat[i] = at + h
		a.SetFlat(flat)
		up := f()
		flat[i] = at - h
		a.SetFlat(flat)
		down := f()
		flat[i] = at
		if slope := (up - down) / (2 * h); math.Abs(slope-float64(gradient[i])) > 1e-4 {
			t.Fatalf("parameter %d: slope %g, gradient %g", i, slope, gradient[i])
		}
	}
	a.SetFlat(flat)
}

func TestWithSigmoidsTheWeightOfAnOperationIsItsOwn(t *testing.T) {
	a := fair()
	before := slices.Clone(a.OperationWeights(0, 3))
	a.Alpha[0][3][5] += 1
	for o, w := range a.OperationWeights(0, 3) {
		if (w != before[o]) != (o == 5) {
			t.Errorf("operation %d: %g after %g", o, w, before[o])
		}
		if want := 1 / (1 + math.Exp(-float64(a.Alpha[0][3][o]))); math.Abs(w-want) > 1e-12 {
			t.Errorf("operation %d: %g, want %g", o, w, want)
		}
	}
}

func TestTheGradientOfSigmoidsIsTheirSlope(t *testing.T) {
	a := fair()
	factor := func(typ, e, o int) float64 { return math.Cos(float64(typ*1000 + e*20 + o)) }
	sum := func() (s float64) { // weighted sum of all mixing weights
		for typ := range a.Alpha {
			for e, norm := range a.EdgeNorm(typ) {
				for o, w := range a.OperationWeights(typ, e) {
					if !cell.IsNone(a.Space[typ][e][o]) {
						s += factor(typ, e, o) * w * norm
					}
				}
				s += factor(typ, e, bypass) * norm
			}
		}
		return
	}
	slopes(t, a, a.gradient(factor), sum)
}

func TestTheGradientOfTheZeroOneLossIsItsSlope(t *testing.T) {
	a := fair()
	_, g := a.ZeroOneLoss()
	slopes(t, a, g, func() float64 { l, _ := a.ZeroOneLoss(); return l })
	a.SetFlat(make([]float32, len(a.Flat())))
	if l, _ := a.ZeroOneLoss(); l != 0 {
		t.Errorf("the loss of sigmoids of 1/2 is %g, want 0", l)
	}
}

// If the device's memory is separate from the host's, graphs compute mixing weights and losses.
func TestGraphsOfSigmoidsAreTheHostsFunctions(t *testing.T) {
	a := fair()
	m := a.NewMixing()
	exec := MustNewExec(open(t).Backend, func(flat *Node) []*Node {
		auxiliary := Const(flat.Graph(), []float32{0})
		return append(a.Mix(m, flat, auxiliary), a.ZeroOneLossOf(flat))
	})
	got := exec.MustCall(a.Flat())
	for i, v := range m.Values() {
		if d := math.Abs(float64(v.Floats()[0] - got[i].Value().([]float32)[0])); d > 1e-6 {
			t.Fatalf("mixing weight %d differs by %g", i, d)
		}
	}
	want, _ := a.ZeroOneLoss()
	if l := got[len(got)-1].Value().(float32); math.Abs(float64(l)-want) > 1e-6 {
		t.Errorf("zero-one loss %g, want %g", l, want)
	}
}

func TestProtectedCapsulesSurviveAPhaseAndTheStrongestOfThem(t *testing.T) {
	space := cell.DARTS()
	space.Operations = append(space.Operations, "capsule_dynamic", "capsule_em", "capsule_self")
	a := NewArch(UniformSpace(space), false, 1)
	for typ := range a.Alpha {
		for e := range a.Alpha[typ] {
			for o := range a.Alpha[typ][e] { // later operations are weaker
				a.Alpha[typ][e][o] = -float32(o)
			}
			a.Alpha[typ][e][10], a.Alpha[typ][e][9] = a.Alpha[typ][e][9], a.Alpha[typ][e][10]
		}
	}
	for capsules, want := range [][]string{
		{"none", "max_pool_3x3", "avg_pool_3x3", "skip_connect"},
		{"none", "max_pool_3x3", "avg_pool_3x3", "capsule_dynamic"},
		{"none", "max_pool_3x3", "capsule_dynamic", "capsule_self"},
		{"none", "capsule_dynamic", "capsule_em", "capsule_self"},
	} {
		if got := a.KeepCapsules(4, capsules)[1][7]; !slices.Equal(got, want) {
			t.Errorf("%d protected: %v, want %v", capsules, got, want)
		}
	}
}

func TestRivalsOfCapsulesDropValuesAndCapsulesDoNot(t *testing.T) {
	space := cell.DARTS()
	space.Operations = append(space.Operations, "capsule_self")
	n := &Network{Space: UniformSpace(space), Span: Operations, Backbone: backbone.Backbone{Cells: 3, Channels: 4, Classes: 3, ImageChannels: 1, ImageSide: 8, Batch: 4, Partial: 1}}
	m := NewArch(n.Space, false, 1).NewMixing()
	m.Dropout = &Dropout{Rate: &block.Value{}, Pools: &block.Value{}, Seeds: map[CellEdge]*block.Value{}}
	for _, c := range block.NewPlan(func(r block.Runner) { n.Run(r, &block.Value{}, m) }).Calls {
		at := strings.LastIndex(c.Label, "/") + 1
		o, known := cell.Lookup(c.Label[at:])
		if !known {
			continue
		}
		rival := o.Pool() || o.Kind == cell.Identity && strings.Contains(c.Block.Name, " s1 ")
		if drops := strings.Contains(c.Block.Name, "dropout"); drops != rival {
			t.Errorf("%s calls %q", c.Label, c.Block.Name)
		}
	}
}
