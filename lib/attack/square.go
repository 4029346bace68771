package attack

import "math"

// square is the Square Attack (arXiv:1912.00049) in L-infinity: a random search that moves a square
// of the image to a corner of the ball, with one sign per channel. It keeps moves that lower the
// margin, and uses logits only.
type square struct{ queries int }

func (square) name() string { return "square" }

// squareShare is the initial share of pixels in a square.
const squareShare = 0.8

func (a square) on(q *queries, p *problem) candidate {
	channels, side := channelsAndSide(q.batcher.c)
	x := make([]float32, len(p.x))
	sign := func() float32 {
		if p.r.Float32() < 0.5 {
			return -p.eps
		}
		return p.eps
	}
	for c := range channels { // vertical stripes
		for column := range side {
			by := sign()
			for row := range side {
				i := (c*side+row)*side + column
				x[i] = unit(p.x[i] + by)
			}
		}
	}
	found := candidate{x, q.logits(x)}
	least := margin(found.logits, p.label)
	for i := 0; i < a.queries && least > 0; i++ {
		s := max(int(math.RoundToEven(math.Sqrt(squareShare/divisor(i)*float64(side*side)))), 1)
		top, left := int(p.r.Float64()*float64(side-s)), int(p.r.Float64()*float64(side-s))
		y := append([]float32(nil), found.x...)
		for c := range channels {
			by := 2 * sign()
			for row := top; row < top+s; row++ {
				for column := left; column < left+s; column++ {
					j := (c*side+row)*side + column
					y[j] = unit(min(max(y[j]+by, p.x[j]-p.eps), p.x[j]+p.eps))
				}
			}
		}
		z := q.logits(y)
		if m := margin(z, p.label); m < least || m <= 0 {
			found, least = candidate{y, z}, m
		}
	}
	return found
}

func channelsAndSide(c Classifier) (channels, side int) { return c.Channels(), c.Side() }

// divisor returns the divisor of the squares' share after i queries, by the authors' schedule for
// 10,000 queries.
func divisor(i int) float64 {
	d := 1.0
	for _, from := range []int{10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000} {
		if i > from {
			d *= 2
		}
	}
	return d
}
