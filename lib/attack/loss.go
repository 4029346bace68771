package attack

import (
	"math"
	"slices"
)

// loss is the function that an attack maximises. It takes the logits [classes] of one image, writes
// its gradient into g [classes], which holds zeros, and returns its value.
type loss func(z, g []float32) float64

// crossEntropy is -log softmax(z)[label]. Its gradient is 0 if the softmax is 1 in float32.
func crossEntropy(label int) loss {
	return func(z, g []float32) float64 {
		most := float64(slices.Max(z))
		sum := 0.0
		for _, x := range z {
			sum += math.Exp(float64(x) - most)
		}
		for k, x := range z {
			g[k] = float32(math.Exp(float64(x)-most) / sum)
		}
		g[label]--
		return math.Log(sum) + most - float64(z[label])
	}
}

// tiny keeps denominators away from 0, as in the reference implementation.
const tiny = 1e-12

// dlr is the difference of logits ratio (arXiv:2003.01690, equation 6): minus the margin, divided
// by the distance of the largest logit from the third. It is invariant to scale and shift of the
// logits, so its gradient does not vanish in confident networks.
func dlr(label int) loss {
	return func(z, g []float32) float64 {
		order := descending(z)
		other := order[0]
		if other == label {
			other = order[1]
		}
		return ratio(z, g, label, other, []int{order[2]})
	}
}

// dlrTargeted is the DLR towards a class (equation 7), divided by the distance of the largest logit
// from the mean of the third and the fourth.
func dlrTargeted(label, target int) loss {
	return func(z, g []float32) float64 {
		order := descending(z)
		return ratio(z, g, label, target, order[2:4])
	}
}

// ratio is -(z[label] - z[other]) / (max z - mean of z[low]).
func ratio(z, g []float32, label, other int, low []int) float64 {
	most := best(z)
	below := 0.0
	for _, k := range low {
		below += float64(z[k]) / float64(len(low))
	}
	up, down := float64(z[other])-float64(z[label]), float64(z[most])-below+tiny
	add := func(k int, by float64) { g[k] += float32(by) }
	add(other, 1/down)
	add(label, -1/down)
	slope := -up / (down * down)
	add(most, slope)
	for _, k := range low {
		add(k, -slope/float64(len(low)))
	}
	return up / down
}

// difference is z[target] - z[label]: 0 on the boundary between two classes.
func difference(label, target int) loss {
	return func(z, g []float32) float64 {
		g[target], g[label] = 1, -1
		return float64(z[target]) - float64(z[label])
	}
}

// descending returns the classes from the largest logit to the smallest. Equal logits are in
// descending order of classes, as in a reversed stable sort.
func descending(z []float32) []int {
	order := make([]int, len(z))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case z[a] < z[b]:
			return -1
		case z[a] > z[b]:
			return 1
		}
		return 0
	})
	slices.Reverse(order)
	return order
}
