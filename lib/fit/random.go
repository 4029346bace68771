package fit

import "math/rand/v2"

// Random returns the generator of one step. Randomness depends on (seed, stream, epoch, step) alone and never on what was drawn
// before, so that a run that was interrupted draws what it would have drawn. A stream keeps uses apart.
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
