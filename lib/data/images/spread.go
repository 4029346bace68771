package images

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Share keeps a fraction of the images in index, class by class: the first share n of each class's
// n images, rounded to whole images and at least one. In the random order of [Images.Spread]
// this is a random choice, and a smaller share is a part of a larger one.
func (im Images) Share(index []int32, share float64) []int32 {
	var of, kept [256]int
	for _, i := range index {
		of[im.Labels[i]]++
	}
	var some []int32
	for _, i := range index {
		if l := im.Labels[i]; kept[l] < max(1, int(math.Round(share*float64(of[l])))) {
			kept[l]++
			some = append(some, i)
		}
	}
	return some
}

// Spread returns a random order of the images in which every stretch has the proportions of the
// classes, up to whole images: the k-th of a class's n images (in random order) stands at (k +
// 1/2)/n of the way. limit > 0 keeps the beginning.
func (im Images) Spread(seed uint64, classes, limit int) []int32 {
	type place struct {
		at    float64
		index int32
	}
	members := make([][]int32, classes)
	for i, l := range im.Labels {
		members[l] = append(members[l], int32(i))
	}
	r := rand.New(rand.NewPCG(seed, 0x73706c6974)) // "split"
	places := make([]place, 0, im.N)
	for _, m := range members {
		r.Shuffle(len(m), func(i, j int) { m[i], m[j] = m[j], m[i] })
		for k, index := range m {
			places = append(places, place{(float64(k) + 0.5) / float64(len(m)), index})
		}
	}
	// The stable sort puts the lower class first among equal places.
	slices.SortStableFunc(places, func(a, b place) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	if limit > 0 && limit < len(places) {
		places = places[:limit]
	}
	order := make([]int32, len(places))
	for i, p := range places {
		order[i] = p.index
	}
	return order
}
