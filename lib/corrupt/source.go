package corrupt

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// source draws random numbers. Corruptions draw in the order of the original, so that tests can
// replay its numbers.
type source interface {
	normal() float64  // standard normal distribution
	uniform() float64 // in 0..1
	whole(n int) int  // in 0..n-1
	poisson(mean float64) float64
}

type numbers struct{ *rand.Rand }

func (n numbers) normal() float64  { return n.NormFloat64() }
func (n numbers) uniform() float64 { return n.Float64() }
func (n numbers) whole(m int) int  { return n.IntN(m) }

func (n numbers) poisson(mean float64) float64 {
	if mean <= 0 {
		return 0
	}
	return distuv.Poisson{Lambda: mean, Src: n.Rand}.Rand()
}

// within draws a uniform number between two bounds.
func within(s source, low, high float64) float64 { return low + (high-low)*s.uniform() }
