package attack

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/data/images"
	"github.com/essnas/essnas/lib/internal/golden"
)

// small is the golden files' network of two layers, 192 -> 24 tanh -> 10.
type small struct {
	a, b, biasA, biasB []float32
	scale              float32 // factor of the logits
	batch              int
	softmax            bool
	noise              float32 // its sign alternates between calls
	inside             bool    // computes a gradient when it classifies
	backwards          int
}

func newSmall(torch map[string]golden.Array) *small {
	return &small{
		a: torch["a.weight"].Data, b: torch["b.weight"].Data, biasA: torch["a.bias"].Data, biasB: torch["b.bias"].Data,
		scale: 1, batch: 32,
	}
}

func (s *small) Batch() int     { return s.batch }
func (s *small) Classes() int   { return 10 }
func (s *small) Channels() int  { return 3 }
func (s *small) Side() int      { return 8 }
func (s *small) Backwards() int { return s.backwards }

// black reports whether an image only fills a batch.
func black(x []float32) bool { return !slices.ContainsFunc(x, func(v float32) bool { return v != 0 }) }

// affine returns weights [out, in] times x plus bias.
func affine(weights, bias, x []float32) []float64 {
	y := make([]float64, len(bias))
	for k := range y {
		y[k] = float64(bias[k])
		for j, v := range x {
			y[k] += float64(weights[k*len(x)+j]) * float64(v)
		}
	}
	return y
}

func (s *small) forward(x []float32) (hidden, logits []float32) {
	if black(x) {
		return make([]float32, 24), make([]float32, 10)
	}
	for _, v := range affine(s.a, s.biasA, x) {
		hidden = append(hidden, float32(math.Tanh(v)))
	}
	for k, v := range affine(s.b, s.biasB, hidden) {
		logits = append(logits, float32(v)*s.scale+s.noise*float32(k))
	}
	return
}

func (s *small) Logits(images []float32) (all []float32, err error) {
	s.noise = -s.noise
	if s.inside {
		s.backwards++
	}
	n := len(images) / s.batch
	for i := range s.batch {
		_, z := s.forward(images[i*n:][:n])
		if s.softmax {
			p := answerProbabilities(z)
			z = p
		}
		all = append(all, z...)
	}
	return all, nil
}

func answerProbabilities(z []float32) (p []float32) {
	sum := 0.0
	for _, v := range z {
		sum += math.Exp(float64(v))
	}
	for _, v := range z {
		p = append(p, float32(math.Exp(float64(v))/sum))
	}
	return p
}

func (s *small) Gradient(images []float32, cotangent func([]float32) []float32) ([]float32, error) {
	n := len(images) / s.batch
	var hidden, logits []float32
	for i := range s.batch {
		h, z := s.forward(images[i*n:][:n])
		hidden, logits = append(hidden, h...), append(logits, z...)
	}
	v := cotangent(logits)
	all := make([]float32, len(images))
	for i := range s.batch {
		if black(images[i*n:][:n]) {
			continue
		}
		for m := range 24 {
			g := 0.0
			for k := range 10 {
				g += float64(s.b[k*24+m]) * float64(v[i*10+k]*s.scale)
			}
			h := float64(hidden[i*24+m])
			for j := range n {
				all[i*n+j] += float32(g * (1 - h*h) * float64(s.a[m*n+j]))
			}
		}
	}
	s.backwards++
	return all, nil
}

// torchSmall returns the golden arrays of the small network.
func torchSmall(t testing.TB) map[string]golden.Array {
	return golden.Under(golden.Read(t, "attack"), "small/")
}

// bytesOf returns the golden images as bytes.
func bytesOf(torch map[string]golden.Array) images.Images {
	x := torch["x"]
	im := images.Images{N: x.Shape[0], Channels: x.Shape[1], Height: x.Shape[2], Width: x.Shape[3]}
	plane := im.Height * im.Width
	for i := range im.N {
		for p := range plane {
			for c := range im.Channels {
				im.Pixels = append(im.Pixels, uint8(math.Round(float64(x.Data[(i*im.Channels+c)*plane+p]*255))))
			}
		}
		im.Labels = append(im.Labels, uint8(torch["y"].Data[i]))
	}
	return im
}

// perturb attacks the first images with f and concatenates the results.
func perturb(t *testing.T, c Classifier, torch map[string]golden.Array, n int, eps float32, norm Norm, f func(q *queries, i int, p *problem) []float32) (all []float32) {
	t.Helper()
	im := bytesOf(torch)
	made := make([][]float32, n)
	if err := each(context.Background(), c, n, func(q *queries, i int) {
		x := Pixels(im, i)
		made[i] = f(q, i, &problem{x: x, label: int(im.Labels[i]), clean: q.logits(x), eps: eps, norm: norm, r: random(1, "test", 0, i)})
	}); err != nil {
		t.Fatal(err)
	}
	for _, x := range made {
		all = append(all, x...)
	}
	return all
}
