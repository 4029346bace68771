package cell

import "math/rand/v2"

// Random draws a genotype of the DARTS space (see [Space.Random]).
func Random(r *rand.Rand) Genotype { return DARTS().Random(r) }
