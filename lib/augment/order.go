package augment

import "math/rand/v2"

// EpochOrder is the order in which an epoch goes through the pictures: a copy of index, shuffled. It depends on seed, epoch and
// index alone, so that a run that was interrupted goes on with the pictures that it would have seen.
func EpochOrder(index []int32, seed uint64, epoch int) []int32 {
	order := append([]int32(nil), index...)
	r := rand.New(rand.NewPCG(seed, 0x6f72646572<<16+uint64(epoch))) // "order"
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}
