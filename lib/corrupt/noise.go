package corrupt

// gaussianNoise adds normally distributed noise to every channel of every pixel.
func gaussianNoise(x *field, severity int, s source) *field {
	sigma := [...]float64{.04, .06, .08, .09, .10}[severity]
	return x.map1(func(_ int, v float64) float64 { return v + sigma*s.normal() })
}

// shotNoise replaces each value by a Poisson count of photons. A higher severity has fewer photons.
func shotNoise(x *field, severity int, s source) *field {
	photons := [...]float64{500, 250, 100, 75, 50}[severity]
	return x.map1(func(_ int, v float64) float64 { return s.poisson(v*photons) / photons })
}

// impulseNoise makes a share of all values black or white.
func impulseNoise(x *field, severity int, s source) *field {
	share := [...]float64{.01, .02, .03, .05, .07}[severity]
	hit := make([]bool, len(x.v))
	for i := range hit {
		hit[i] = s.uniform() <= share
	}
	return x.map1(func(i int, v float64) float64 {
		salt := s.uniform() <= 0.5
		switch {
		case !hit[i]:
			return v
		case salt:
			return 1
		}
		return 0
	})
}

// speckleNoise adds normally distributed noise in proportion to the values.
func speckleNoise(x *field, severity int, s source) *field {
	sigma := [...]float64{.06, .1, .12, .16, .2}[severity]
	return x.map1(func(_ int, v float64) float64 { return v + v*sigma*s.normal() })
}
