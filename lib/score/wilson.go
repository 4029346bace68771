package score

import "math"

// Interval is a range of proportions in 0..1.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Wilson returns the 95 % score interval of hits in n trials (E. B. Wilson, 1927): all proportions
// p with |hits/n - p| <= z sqrt(p(1-p)/n), z = 1.96. Unlike p +- z sqrt(p(1-p)/n) it stays in 0..1
// and holds for few trials and for proportions near 0 and 1. For n = 0 it is 0..1.
func Wilson(hits, n int) Interval {
	if n == 0 {
		return Interval{0, 1}
	}
	const z = 1.959963984540054 // the 97.5 % quantile of the normal distribution
	p, trials := float64(hits)/float64(n), float64(n)
	middle := (p + z*z/(2*trials)) / (1 + z*z/trials)
	half := z / (1 + z*z/trials) * math.Sqrt(p*(1-p)/trials+z*z/(4*trials*trials))
	return Interval{max(0, middle-half), min(1, middle+half)}
}
