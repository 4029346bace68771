package fit

import "math/rand/v2"

// Random returns the random generator of one step. It depends on (seed, stream, epoch, step) alone
// and not on earlier draws, so that an interrupted run draws the same numbers. The stream separates
// different uses.
func Random(seed uint64, stream string, epoch, step int) *rand.Rand {
	h := uint64(14695981039346656037) // FNV-1a
	mix := func(b byte) { h = (h ^ uint64(b)) * 1099511628211 }
	for _, c := range []byte(stream) {
		mix(c)
	}
	for _, n := range [2]int{epoch, step} {
		for s := 0; s < 64; s += 8 {
			mix(byte(n >> s))
		}
	}
	return rand.New(rand.NewPCG(seed, h))
}
