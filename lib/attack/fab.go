package attack

import (
	"math"
	"slices"
)

// fab is the targeted fast adaptive boundary attack (arXiv:1907.02044). Each step approximates the
// decision boundary towards a class by a plane and moves to the nearest point of the plane. Beyond
// the boundary it moves back towards the image. It minimises the change, and succeeds if the change
// is at most epsilon.
type fab struct {
	steps   int
	targets int
	whole   bool // make all steps, even after an adversarial image within epsilon is found
}

func (fab) name() string { return "fab-t" }

const (
	fabOvershoot = 1.05 // eta
	fabBack      = 0.9  // beta
	fabBias      = 0.1  // the largest alpha, the share of the way from the image itself
)

func (a fab) on(q *queries, p *problem) candidate {
	found := candidate{p.x, p.clean}
	for _, k := range targets(p.clean, p.label, a.targets) {
		c, distance := a.approach(q, p, k)
		if distance <= float64(p.eps) {
			return c
		}
	}
	return found
}

// approach makes the steps towards a class. It returns the nearest adversarial image and its
// distance, or the image itself and infinity if there is none.
func (a fab) approach(q *queries, p *problem, target int) (nearest candidate, distance float64) {
	nearest, distance = candidate{p.x, p.clean}, math.Inf(1)
	x := slices.Clone(p.x)
	l := difference(p.label, target)
	value, _, g := q.gradient(x, l)
	for range a.steps {
		d1, a1 := boundary(x, g, value)
		// the plane at x, relative to the clean image
		at := value
		for j := range x {
			at += float64(g[j]) * (float64(p.x[j]) - float64(x[j]))
		}
		d2, a2 := boundary(p.x, g, at)
		bias := min(a1/(a1+a2), fabBias)
		for j := range x {
			toward := float64(x[j]) + fabOvershoot*d1[j]
			home := float64(p.x[j]) + fabOvershoot*d2[j]
			x[j] = unit(float32(toward*(1-bias) + home*bias))
		}
		var z []float32
		value, z, g = q.gradient(x, l)
		if best(z) == p.label {
			continue
		}
		if d := LInf.Distance(x, p.x); d < distance {
			nearest, distance = candidate{slices.Clone(x), z}, d
			if d <= float64(p.eps) && !a.whole {
				return nearest, distance
			}
		}
		for j := range x {
			x[j] = p.x[j] + (x[j]-p.x[j])*fabBack
		}
		value, _, g = q.gradient(x, l)
	}
	return nearest, distance
}

// boundary returns the smallest move d of x, in L-infinity, to the plane on which value + gradient
// d is 0, and the length of d, at least 1e-8. Pixels stay in 0..1. If the plane can't be reached,
// every pixel moves as far towards it as possible.
//
// Each pixel moves by the same amount, or to the end of its range. The amount solves the sum of
// |gradient| min(amount, room) = |value|. The sum is concave in the amount, so Newton's method from
// below reaches the solution in finitely many steps.
func boundary(x, gradient []float32, value float64) (d []float64, length float64) {
	gap := math.Abs(value)
	up := value < 0 // the direction that crosses the plane
	d = make([]float64, len(x))
	total, slopes := 0.0, 0.0
	for j, g := range gradient {
		if g == 0 {
			continue
		}
		if (g > 0) == up {
			d[j] = 1 - float64(x[j])
		} else {
			d[j] = -float64(x[j])
		}
		w := math.Abs(float64(g))
		total += w * math.Abs(d[j])
		slopes += w
	}
	if total > gap && slopes > 0 {
		amount := gap / slopes
		for {
			full, open := 0.0, 0.0 // sum over pixels at the end of their range; slope of the others
			for j, room := range d {
				w := math.Abs(float64(gradient[j]))
				if math.Abs(room) <= amount {
					full += w * math.Abs(room)
				} else {
					open += w
				}
			}
			if open == 0 {
				break
			}
			further := (gap - full) / open
			if further <= amount*(1+1e-12) {
				break
			}
			amount = further
		}
		for j, room := range d {
			d[j] = min(max(room, -amount), amount)
		}
	}
	for _, move := range d {
		length = max(length, math.Abs(move))
	}
	return d, max(length, 1e-8)
}
