package augment

import "math/rand/v2"

// EpochOrder returns the order in which an epoch visits the images: a shuffled copy of index [n].
// It depends on seed, epoch and index alone, so that an interrupted run continues with the same
// images.
func EpochOrder(index []int32, seed uint64, epoch int) []int32 {
	order := append([]int32(nil), index...)
	r := rand.New(rand.NewPCG(seed, 0x6f72646572<<16+uint64(epoch))) // "order"
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}
