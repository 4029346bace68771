package network

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
)

// lowerings are the lowerings under test: kernels, XLA operations only, and the layout of GPUs.
var lowerings = []block.Lowering{{}, {Plain: true}, {Layout: block.NHWC}}

// torchModel returns a golden network with PyTorch's weights and running statistics.
func torchModel(t *testing.T, b *backend.Backend, l block.Lowering, genotype string, cells, channels, side int) (*Model, map[string]golden.Array) {
	t.Helper()
	torch := golden.Under(golden.Read(t, "networks"), genotype+"/")
	g, ok := cell.Published(genotype)
	if !ok {
		t.Fatalf("%s is not published", genotype)
	}
	e, err := block.Open(b, block.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e.Lowering.Layout, e.Lowering.Plain = l.Layout, l.Plain
	net := New(g, cells, 4, 10, channels, side, len(torch["labels"].Data), false)
	m := &Model{Net: net, engine: e}
	m.Params = m.plan().Params(1)
	t.Cleanup(m.Close)
	parity.Load(t, m.Params, torch, parity.Path)
	parity.LoadRunning(t, m.Params, torch, parity.Path)
	return m, torch
}

// crossEntropy returns the mean cross-entropy and its gradient with respect to logits [n, classes].
func crossEntropy(logits []float32, labels []float32) (loss float64, g []float32) {
	n := len(labels)
	classes := len(logits) / n
	for i, label := range labels {
		row := logits[i*classes:][:classes]
		sum := 0.0
		for _, z := range row {
			sum += math.Exp(float64(z))
		}
		loss += (math.Log(sum) - float64(row[int(label)])) / float64(n)
		for k, z := range row {
			p := math.Exp(float64(z)) / sum
			if k == int(label) {
				p--
			}
			g = append(g, float32(p/float64(n)))
		}
	}
	return loss, g
}

// TestGradientsOfImagesAreTorchs compares the gradient of the cross-entropy with respect to images,
// in evaluation mode, with that of PyTorch's network with the same weights and running statistics,
// in every lowering.
func TestGradientsOfImagesAreTorchs(t *testing.T) {
	b := backendtest.Open(t)
	for _, c := range []struct {
		genotype              string
		cells, channels, side int
	}{
		{"PC_DARTS_cifar", 4, 3, 32},
		{"DARTS_V2", 3, 1, 28},
	} {
		for _, l := range lowerings {
			t.Run(fmt.Sprint(c.genotype, " ", l.Layout, " plain ", l.Plain), func(t *testing.T) {
				m, torch := torchModel(t, b, l, c.genotype, c.cells, c.channels, c.side)
				ones := slices.Repeat([]float32{1}, c.channels)
				// PyTorch's images are already normalised
				p, err := m.Pixels(make([]float32, c.channels), ones)
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				logits, err := p.Logits(torch["x"].Data)
				if err != nil {
					t.Fatal(err)
				}
				want := golden.Read(t, "images")[c.genotype+"/gradient/x"]
				golden.Close(t, "logits", logits, torch["logits_eval"].Data, parity.Tolerance)
				for range 2 { // the second gradient must not contain the first
					got, err := p.Gradient(torch["x"].Data, func(logits []float32) []float32 {
						_, g := crossEntropy(logits, torch["labels"].Data)
						return g
					})
					if err != nil {
						t.Fatal(err)
					}
					golden.Close(t, "gradient of the images", got, want.Data, parity.Tolerance)
				}
			})
		}
	}
}

// TestGradientsOfImagesAreTorchsOnAGPUsBackend repeats the test with the rehearsal of a GPU on the
// CPU, which has races and separate memory.
func TestGradientsOfImagesAreTorchsOnAGPUsBackend(t *testing.T) {
	m, torch := torchModel(t, backendtest.Rehearse(t, 1), block.Lowering{Layout: block.NHWC}, "DARTS_V2", 3, 1, 28)
	p, err := m.Pixels([]float32{0}, []float32{1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Prepare(nil); err != nil {
		t.Fatal(err)
	}
	got, err := p.Gradient(torch["x"].Data, func(logits []float32) []float32 {
		_, g := crossEntropy(logits, torch["labels"].Data)
		return g
	})
	if err != nil {
		t.Fatal(err)
	}
	golden.Close(t, "gradient of the images", got, golden.Read(t, "images")["DARTS_V2/gradient/x"].Data, parity.Tolerance)
}

// TestGradientsOfImagesAreSlopes compares gradients with slopes of the loss along random
// directions, through the normalisation.
func TestGradientsOfImagesAreSlopes(t *testing.T) {
	m, torch := torchModel(t, backendtest.Open(t), block.Lowering{}, "PC_DARTS_cifar", 4, 3, 32)
	p, err := m.Pixels([]float32{0.5, 0.4, 0.3}, []float32{0.2, 0.3, 0.4})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, p.Batch()*3*32*32)
	for i := range x {
		x[i] = r.Float32()
	}
	labels := torch["labels"].Data
	g, err := p.Gradient(x, func(z []float32) []float32 {
		_, g := crossEntropy(z, labels)
		return g
	})
	if err != nil {
		t.Fatal(err)
	}
	norm := 0.0
	for _, v := range g {
		norm += float64(v) * float64(v)
	}
	norm = math.Sqrt(norm)
	const h = 2e-3
	for range 5 {
		direction := make([]float32, len(x))
		want := 0.0
		for i := range direction {
			direction[i] = float32(r.NormFloat64())/30 + g[i]/float32(norm)
			want += float64(direction[i]) * float64(g[i])
		}
		at := func(by float32) float64 {
			moved := slices.Clone(x)
			for i := range moved {
				moved[i] += by * direction[i]
			}
			z, err := p.Logits(moved)
			if err != nil {
				t.Fatal(err)
			}
			loss, _ := crossEntropy(z, labels)
			return loss
		}
		if slope := (at(h) - at(-h)) / (2 * h); math.Abs(slope-want) > 0.05*norm {
			t.Errorf("slope %g, want %g from the gradient (norm %g)", slope, want, norm)
		}
	}
}

// TestGradientsOfImagesLeaveTheModelAsItIs: no weight gets a gradient, and running statistics stay
// unchanged.
func TestGradientsOfImagesLeaveTheModelAsItIs(t *testing.T) {
	m, torch := torchModel(t, backendtest.Open(t), block.Lowering{}, "DARTS_V2", 3, 1, 28)
	p, err := m.Pixels([]float32{0}, []float32{1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	before := map[string][]float32{}
	for _, q := range m.Params {
		before[q.Label] = slices.Clone(q.SyncRunning())
	}
	if _, err := p.Gradient(torch["x"].Data, func(z []float32) []float32 { return z }); err != nil {
		t.Fatal(err)
	}
	for _, q := range m.Params {
		if q.Value.Gradient() != nil {
			t.Errorf("%s has a gradient", q.Label)
		}
		if !slices.Equal(q.SyncRunning(), before[q.Label]) {
			t.Errorf("%s has other running statistics", q.Label)
		}
	}
}

// TestPixelsNameAFault: wrong shapes are errors.
func TestPixelsNameAFault(t *testing.T) {
	m, torch := torchModel(t, backendtest.Open(t), block.Lowering{}, "DARTS_V2", 3, 1, 28)
	if _, err := m.Pixels([]float32{0, 0, 0}, []float32{1, 1, 1}); err == nil {
		t.Error("three means for one channel are accepted")
	}
	p, err := m.Pixels([]float32{0}, []float32{1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Logits(torch["x"].Data[1:]); err == nil {
		t.Error("a part of an image is accepted")
	}
	if _, err := p.Gradient(torch["x"].Data, func([]float32) []float32 { return nil }); err == nil {
		t.Error("a loss without a gradient is accepted")
	}
}
