package attack

import "slices"

// apgd is Auto-PGD (arXiv:2003.01690, algorithm 1): PGD with momentum. If the loss stops rising,
// the search halves the step size and returns to the best point so far.
type apgd struct {
	steps    int
	restarts int
	// 0: away from the true class; n: towards each of the n most probable others
	targets int
	dlr     bool
	// whole makes all steps, even after an adversarial image is found, for comparisons with other
	// programs.
	whole bool
}

func (a apgd) name() string {
	switch {
	case a.targets > 0:
		return "apgd-t"
	case a.dlr:
		return "apgd-dlr"
	}
	return "apgd-ce"
}

func (a apgd) on(q *queries, p *problem) (found candidate) {
	losses := []loss{crossEntropy(p.label)}
	if a.dlr {
		losses[0] = dlr(p.label)
	}
	if a.targets > 0 {
		losses = losses[:0]
		for _, k := range targets(p.clean, p.label, a.targets) {
			losses = append(losses, dlrTargeted(p.label, k))
		}
	}
	found = candidate{p.x, p.clean}
	for _, l := range losses {
		for range a.restarts {
			c, _ := a.ascend(q, p, l, p.norm.surface(p.x, p.eps, p.r))
			if margin(c.logits, p.label) < margin(found.logits, p.label) {
				found = c
			}
			if p.fooled(found) {
				return found
			}
		}
	}
	return found
}

// targets returns the n most probable classes other than the true one.
func targets(clean []float32, label, n int) (all []int) {
	for _, k := range descending(clean) {
		if k != label && len(all) < n {
			all = append(all, k)
		}
	}
	return all
}

// ascend makes the steps from a start. adversarial is the last point that fools the classifier, or
// the point with the largest loss if none does. best is the point with the largest loss.
func (a apgd) ascend(q *queries, p *problem, l loss, start []float32) (adversarial, highest candidate) {
	interval := max(a.steps*22/100, 1) // steps until the first check
	shortest, shorter := max(a.steps*6/100, 1), max(a.steps*3/100, 1)
	x := slices.Clone(start)
	value, z, g := q.gradient(x, l)
	highest, gradient, largest := candidate{slices.Clone(x), z}, g, value
	adversarial = highest
	fooled := p.fooled(highest)
	if fooled && !a.whole {
		return adversarial, highest
	}
	before := slices.Clone(x)
	next := make([]float32, len(x))
	length := 2 * p.eps
	values := make([]float64, a.steps)
	atCheck, halved := largest, true
	since := 0
	for i := range a.steps {
		p.norm.step(next, x, g, length)
		p.norm.project(next, p.x, p.eps)
		keep := float32(0.75) // share of the step; the rest is momentum
		if i == 0 {
			keep = 1
		}
		for j := range next {
			next[j] = x[j] + (next[j]-x[j])*keep + (x[j]-before[j])*(1-keep)
		}
		p.norm.project(next, p.x, p.eps)
		x, before, next = next, x, before

		value, z, g = q.gradient(x, l)
		now := candidate{x, z}
		if p.fooled(now) {
			adversarial, fooled = candidate{slices.Clone(x), z}, true
			if !a.whole {
				return adversarial, highest
			}
		}
		values[i] = value
		if value > largest {
			largest, gradient = value, g
			highest = candidate{slices.Clone(x), z}
		}
		if since++; since < interval {
			continue
		}
		// The step size is halved if the loss rose in too few steps since the last check, or if it
		// has not risen and the last check did not halve.
		halve := rises(values, i, interval) <= 0.75*float64(interval) || !halved && atCheck >= largest
		halved, atCheck = halve, largest
		if halve {
			length /= 2
			copy(x, highest.x)
			g = gradient
		}
		since, interval = 0, max(interval-shorter, shortest)
	}
	if !fooled {
		adversarial = highest
	}
	return adversarial, highest
}

// rises counts the steps with a rising loss among the last n steps up to i. The first step of all
// is compared with 0, as in the authors' code.
func rises(values []float64, i, n int) float64 {
	count := 0
	for j := i - n + 1; j <= i; j++ {
		last := 0.0
		if j > 0 {
			last = values[j-1]
		}
		if values[j] > last {
			count++
		}
	}
	return float64(count)
}
