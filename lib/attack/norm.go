package attack

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Norm is a measure of the distance between two images.
type Norm int

const (
	// LInf is the largest absolute change of a pixel.
	LInf Norm = iota
	// L2 is the square root of the sum of the squared changes of all pixels.
	L2
)

var norms = []string{"linf", "l2"}

func (n Norm) String() string { return norms[n] }

// ParseNorm is the inverse of String; "" stands for LInf. It returns an error for other texts.
func ParseNorm(name string) (Norm, error) {
	for i, s := range norms {
		if s == name || name == "" {
			return Norm(i), nil
		}
	}
	return 0, fmt.Errorf("unknown norm %q: give linf or l2", name)
}

// Distance returns the distance between two images of the same size, [pixels] each.
func (n Norm) Distance(a, b []float32) float64 {
	d := 0.0
	for i := range a {
		x := math.Abs(float64(a[i]) - float64(b[i]))
		if n == L2 {
			d += x * x
		} else {
			d = max(d, x)
		}
	}
	if n == L2 {
		return math.Sqrt(d)
	}
	return d
}

// length returns the norm of a vector.
func (n Norm) length(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		if n == L2 {
			sum += float64(x) * float64(x)
		} else {
			sum = max(sum, math.Abs(float64(x)))
		}
	}
	if n == L2 {
		return math.Sqrt(sum)
	}
	return sum
}

// step moves x along a gradient into y: by a length times the gradient's sign (L-infinity), or by a
// vector of this length (L2). Pixels of the result may leave 0..1.
func (n Norm) step(y, x, gradient []float32, by float32) {
	if n == L2 {
		l := float32(n.length(gradient)) + tiny
		for i, g := range gradient {
			y[i] = x[i] + by*(g/l)
		}
		return
	}
	for i, g := range gradient {
		switch {
		case g > 0:
			y[i] = x[i] + by
		case g < 0:
			y[i] = x[i] - by
		default:
			y[i] = x[i]
		}
	}
}

// project projects y onto the ball of radius eps around x, and its pixels onto 0..1.
func (n Norm) project(y, x []float32, eps float32) {
	if n == LInf {
		for i := range y {
			y[i] = unit(min(max(y[i], x[i]-eps), x[i]+eps))
		}
		return
	}
	factor := min(1, float64(eps)/max(n.Distance(y, x), tiny))
	for i := range y {
		y[i] = unit(x[i] + (y[i]-x[i])*float32(factor))
	}
}

// unit clips a number to 0..1.
func unit(x float32) float32 { return min(max(x, 0), 1) }

// uniform returns a random point of the ball around x, the start of PGD: uniform in the cube
// (L-infinity), or uniform in direction and in distance (L2). Pixels are in 0..1.
func (n Norm) uniform(x []float32, eps float32, r *rand.Rand) []float32 {
	y := make([]float32, len(x))
	if n == LInf {
		for i := range y {
			y[i] = unit(x[i] + eps*(2*r.Float32()-1))
		}
		return y
	}
	direction := make([]float32, len(x))
	for i := range direction {
		direction[i] = float32(r.NormFloat64())
	}
	by := float32(r.Float64()/n.length(direction)) * eps
	for i := range y {
		y[i] = unit(x[i] + direction[i]*by)
	}
	return y
}

// surface returns a random point at distance eps of x, the start of APGD. Pixels are in 0..1.
func (n Norm) surface(x []float32, eps float32, r *rand.Rand) []float32 {
	direction := make([]float32, len(x))
	for i := range direction {
		if n == LInf {
			direction[i] = 2*r.Float32() - 1
		} else {
			direction[i] = float32(r.NormFloat64())
		}
	}
	l := float32(n.length(direction)) + tiny
	y := make([]float32, len(x))
	for i := range y {
		y[i] = unit(x[i] + eps*(direction[i]/l))
	}
	return y
}
