package lab

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"slices"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/augment/distort"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/fit"
)

// Views is one picture of views.json, with pairs of views that a self-supervised run makes of it; PNG, base64.
type Views struct {
	Index   int         `json:"index"` // of the training image
	Picture string      `json:"picture"`
	Pairs   [][2]string `json:"pairs"`
}

// Of views.json.
const (
	viewedPictures = 6
	viewedPairs    = 3
)

// writeViews keeps examples of the views, of the first images of the training set, to look at in the report.
func (r *Run) writeViews(b *backend.Backend, set *data.Set, text string, seed uint64) error {
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
	index, all := all(im.N), make([]Views, im.N)
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

// views shows what the two views of the run's images look like, if it has any.
func (w *writer) views(r *Run, text string) error {
	var all []Views
	if found, err := r.read("views.json", &all); err != nil || !found || len(all) == 0 {
		return err
	}
	var tiles []figure.Tile
	add := func(text, caption string) error {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err == nil {
			picture, e := png.Decode(bytes.NewReader(raw))
			if err = e; e == nil {
				tiles = append(tiles, figure.Tile{Picture: picture, Caption: caption})
			}
		}
		if err != nil {
			return fmt.Errorf("a picture in %s is damaged (%w): delete the file", r.Path("views.json"), err)
		}
		return nil
	}
	for _, v := range all {
		if err := add(v.Picture, fmt.Sprintf("image %d", v.Index)); err != nil {
			return err
		}
		for i, pair := range v.Pairs {
			for k, text := range pair {
				if err := add(text, fmt.Sprintf("pair %d, view %d", i+1, k+1)); err != nil {
					return err
				}
			}
		}
	}
	s := w.page.Section("The two views", "What the loss compares: each time an image is seen, two views of it are made, each distorted on its own.")
	w.show(s, "views", figure.Grid(1+2*len(all[0].Pairs), tiles), "Training images, and three pairs of views of each. Settings: "+text+".")
	return nil
}
