package fit

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

// Random returns the random generator of one step. It depends on (seed, stream, epoch, step) alone
// and not on earlier draws, so that an interrupted run draws the same numbers. The stream separates
// different uses.
func Random(seed uint64, stream string, epoch, step int) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(stream))
	for _, n := range [2]int{epoch, step} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
