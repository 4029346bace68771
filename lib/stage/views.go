package stage

import (
	"slices"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/augment/distort"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/run"
)

// The numbers of views.json.
const (
	viewedPictures = 6
	viewedPairs    = 3
)

// writeViews stores pairs of views of the first training images for the report.
func writeViews(r *run.Run, b *backend.Backend, set *data.Set, text string, seed uint64) error {
	views, err := distort.Parse(text)
	if err != nil {
		return err
	}
	im := set.Train.First(viewedPictures)
	feeder, err := augment.NewFeeder(b.Backend, im, set.Mean, set.Std, im.N, augment.Options{})
	if err != nil {
		return err
	}
	defer feeder.Close()
	twins, err := feeder.Twins(views)
	if err != nil {
		return err
	}
	index, all := all(im.N), make([]run.Views, im.N)
	encode := func(pixels []uint8) (string, error) {
		return encodePNG(data.Images{N: 1, Height: im.Height, Width: im.Width, Channels: im.Channels, Pixels: pixels}, 0)
	}
	for draw := range viewedPairs {
		pairs, err := twins.Pairs(index, fit.Random(seed, "views to show", 0, draw))
		if err != nil {
			return err
		}
		for i, pair := range pairs {
			var texts [2]string
			for k, pixels := range pair {
				if texts[k], err = encode(pixels); err != nil {
					return err
				}
			}
			all[i].Pairs = append(all[i].Pairs, texts)
		}
	}
	for i := range all {
		var err error
		all[i].Index = int(index[i])
		if all[i].Picture, err = encode(slices.Clone(im.Picture(int(index[i])))); err != nil {
			return err
		}
	}
	return r.Write("views.json", all)
}
