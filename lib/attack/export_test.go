package attack

import (
	"context"

	"github.com/essnas/essnas/lib/data/images"
)

// Adversarial returns the adversarial images of the first epsilon, concatenated.
func Adversarial(ctx context.Context, c Classifier, im images.Images, o Options) ([]float32, error) {
	o, err := o.Complete(c.Classes())
	if err != nil {
		return nil, err
	}
	norm, err := ParseNorm(o.Norm)
	if err != nil {
		return nil, err
	}
	m := o.methods()[0]
	made := make([][]float32, im.N)
	err = each(ctx, c, im.N, func(q *queries, i int) {
		made[i] = m.on(q, &problem{
			x: Pixels(im, i), label: int(im.Labels[i]), eps: float32(o.Eps[0]), norm: norm, r: random(o.Seed, m.name(), o.Eps[0], i),
		}).x
	})
	var all []float32
	for _, x := range made {
		all = append(all, x...)
	}
	return all, err
}

// Near and BytesOf serve tests outside of the package, which may link networks.
var (
	Near    = near
	BytesOf = bytesOf
)
