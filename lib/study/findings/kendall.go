package findings

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Rank is a rank correlation.
type Rank struct {
	N int `json:"n"`
	// 0 if it is undefined: fewer than two pairs, or all values of one side equal
	Tau float64 `json:"tau"`
	P   float64 `json:"p"` // two-sided p value of no correlation; 1 if tau is undefined
	// 95 % interval of tau; -1 to 1 for n < 5
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Kendall returns Kendall's tau-b of x [n] and y [n], (C-D)/sqrt((C+D+X)(C+D+Y)) for C concordant
// and D discordant pairs, and X and Y pairs tied on one side only (M. Kendall, 1938 and 1945). p is
// exact up to n = 60 without ties. Otherwise it is the normal approximation with the correction for
// ties (Kendall, Rank Correlation Methods, 1970, ch. 4). The interval is that of Fisher's z with
// the variance 0.437/(n-4) (E. Fieller, H. Hartley, E. Pearson, Tests for rank correlation
// coefficients, 1957).
func Kendall(x, y []float64) Rank {
	n := len(x)
	r := Rank{N: n, P: 1, Low: -1, High: 1}
	var s, onlyX, onlyY, untied int
	for i := range n {
		for j := range i {
			switch a, b := sign(x[i]-x[j]), sign(y[i]-y[j]); {
			case a*b != 0:
				s += a * b
				untied++
			case a == 0 && b != 0:
				onlyX++
			case b == 0 && a != 0:
				onlyY++
			}
		}
	}
	scale := math.Sqrt(float64(untied+onlyX)) * math.Sqrt(float64(untied+onlyY))
	if scale == 0 {
		return r
	}
	r.Tau = float64(s) / scale
	if n > 4 {
		z, half := math.Atanh(r.Tau), 1.959964*math.Sqrt(0.437/float64(n-4))
		r.Low, r.High = math.Tanh(z-half), math.Tanh(z+half)
	}
	if pairs := n * (n - 1) / 2; untied == pairs && n <= 60 {
		r.P = exact(n, (pairs-max(s, -s))/2)
	} else {
		r.P = approximate(x, y, s)
	}
	return r
}

func sign(x float64) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// exact returns the two-sided p value: the probability that n values in random order have at most d
// discordant pairs or at most d concordant pairs. The shares of orders of n values with k
// discordant pairs follow from those of n-1 values: the new value is discordant with 0 to n-1 of
// the others.
func exact(n, d int) float64 {
	shares := []float64{1}
	for m := 2; m <= n; m++ {
		next := make([]float64, m*(m-1)/2+1)
		for k, share := range shares {
			for behind := range m {
				next[k+behind] += share / float64(m)
			}
		}
		shares = next
	}
	p := 0.0
	for _, share := range shares[:d+1] {
		p += 2 * share
	}
	return min(1, p)
}

// approximate returns the two-sided p value of s, the number of concordant minus discordant pairs,
// by a normal approximation whose variance accounts for the ties of both sides.
func approximate(x, y []float64, s int) float64 {
	n := float64(len(x))
	var squares [2]float64 // sum of t(t-1)(2t+5) over groups of t equal values
	var pairs, triples [2]float64
	for side, values := range [][]float64{x, y} {
		counts := map[float64]int{}
		for _, v := range values {
			counts[v]++
		}
		for _, c := range counts {
			t := float64(c)
			squares[side] += t * (t - 1) * (2*t + 5)
			pairs[side] += t * (t - 1)
			triples[side] += t * (t - 1) * (t - 2)
		}
	}
	v := (n*(n-1)*(2*n+5) - squares[0] - squares[1]) / 18
	v += pairs[0] * pairs[1] / (2 * n * (n - 1))
	if n > 2 {
		v += triples[0] * triples[1] / (9 * n * (n - 1) * (n - 2))
	}
	if v <= 0 {
		return 1
	}
	return 2 * distuv.UnitNormal.Survival(math.Abs(float64(s))/math.Sqrt(v))
}
