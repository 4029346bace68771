package barlow

import (
	"math"
	"testing"
)

func TestTermsPunishWhatIsOffTheIdentity(t *testing.T) {
	for name, c := range map[string]struct {
		c    [][]float64
		want [2]float64
	}{
		"the identity costs nothing":           {[][]float64{{1, 0}, {0, 1}}, [2]float64{0, 0}},
		"views that share nothing":             {[][]float64{{0, 0}, {0, 0}}, [2]float64{2, 0}},
		"features that all say the same thing": {[][]float64{{1, 1}, {1, 1}}, [2]float64{0, 0.2}},
		"signs":                                {[][]float64{{0.5, -1}, {0, 1}}, [2]float64{0.25, 0.1}},
	} {
		invariance, redundancy := Terms(c.c, 0.1)
		if math.Abs(invariance-c.want[0])+math.Abs(redundancy-c.want[1]) > 1e-12 {
			t.Errorf("%s: %g and %g, want %v", name, invariance, redundancy, c.want)
		}
	}
}
