package attack

import (
	"context"
	"fmt"
	"slices"

	"github.com/essnas/essnas/lib/data/images"
)

// Adversarial returns the adversarial images of one attack (no set of attacks) for the first
// epsilon of o: pixels in 0..1, [N, channels*side*side]. It returns an error if an option is
// invalid, the classifier fails or the context ends.
func Adversarial(ctx context.Context, c Classifier, im images.Images, o Options) ([]float32, error) {
	o, err := o.Complete(c.Classes())
	if err != nil {
		return nil, err
	}
	methods := o.methods()
	if len(methods) > 1 {
		return nil, fmt.Errorf("%s consists of several attacks: give one of %v", o.Method, o.parts())
	}
	norm, err := ParseNorm(o.Norm)
	if err != nil {
		return nil, err
	}
	m, made := methods[0], make([][]float32, im.N)
	err = each(ctx, c, im.N, func(q *queries, i int) {
		made[i] = m.on(q, &problem{
			x: Pixels(im, i), label: int(im.Labels[i]), eps: float32(o.Eps[0]), norm: norm, r: random(o.Seed, m.name(), o.Eps[0], i),
		}).x
	})
	return slices.Concat(made...), err
}
