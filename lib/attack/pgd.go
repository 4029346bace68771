package attack

import (
	"math/rand/v2"
	"slices"
)

// problem is an image to attack.
type problem struct {
	x     []float32
	label int
	clean []float32 // logits
	eps   float32
	norm  Norm
	r     *rand.Rand
}

// candidate is an image in the ball with its logits.
type candidate struct{ x, logits []float32 }

func (p *problem) fooled(c candidate) bool { return best(c.logits) != p.label }

// method attacks one image.
type method interface {
	name() string
	on(q *queries, p *problem) candidate
}

// fgsm is the fast gradient sign method of arXiv:1412.6572: x + eps sign(gradient of the
// cross-entropy), with pixels clipped to 0..1; in L2 x + eps gradient/|gradient|.
type fgsm struct{}

func (fgsm) name() string { return "fgsm" }

func (fgsm) on(q *queries, p *problem) candidate {
	_, _, g := q.gradient(p.x, crossEntropy(p.label))
	y := make([]float32, len(p.x))
	p.norm.step(y, p.x, g, p.eps)
	for i := range y {
		y[i] = unit(y[i])
	}
	return candidate{y, q.logits(y)}
}

// pgd is projected gradient descent (arXiv:1706.06083): steps like fgsm's, each followed by a
// projection into the ball. It starts at a random point of the ball, or at the image if start is
// false.
type pgd struct {
	steps    int
	step     float64 // in units of eps
	restarts int
	start    bool
}

func (pgd) name() string { return "pgd" }

// on returns the first end point of a restart that fools the classifier, or the one with the
// smallest margin.
func (a pgd) on(q *queries, p *problem) (found candidate) {
	for i := range a.restarts {
		y := slices.Clone(p.x)
		if a.start {
			y = p.norm.uniform(p.x, p.eps, p.r)
		}
		for range a.steps {
			_, _, g := q.gradient(y, crossEntropy(p.label))
			p.norm.step(y, y, g, float32(a.step)*p.eps)
			p.norm.project(y, p.x, p.eps)
		}
		c := candidate{y, q.logits(y)}
		if i == 0 || margin(c.logits, p.label) < margin(found.logits, p.label) {
			found = c
		}
		if p.fooled(found) {
			break
		}
	}
	return found
}
