package lab

import (
	"context"
	"fmt"
	"io"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/augment/distort"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/whole"
	"github.com/gomlx/gomlx/core/tensors"
)

// PicturesStage asks for training images and what augmentation makes of them.
type PicturesStage struct {
	Dataset string // "" for Fashion-MNIST
	Index   []int  // of the training set
	Copies  int    // how often each is drawn anew; of views, pairs
	Views   string // the two views of self-supervision (see distort.Parse); "" for what trainings do: crop, flip and cutout
	Cutout  int    // side of the square that is cut out, in pixels; 0: none
	Seed    uint64
	Out     string // PNG file to draw
}

// Pictures draws a row for each image: as it is, and then its copies. It returns what stands in the rows.
func (l *Lab) Pictures(ctx context.Context, s PicturesStage) (captions [][]string, err error) {
	if len(s.Index) == 0 || s.Copies < 1 {
		return nil, fmt.Errorf("%d images and %d copies of them leave nothing to draw: give --index with numbers of training images, and 1 or more --copies", len(s.Index), s.Copies)
	}
	set, err := l.Dataset(s.Dataset)
	if err != nil {
		return nil, err
	}
	few := data.Images{Height: set.Train.Height, Width: set.Train.Width, Channels: set.Train.Channels}
	var which []int32 // each image as often as there are copies
	for _, i := range s.Index {
		if i < 0 || i >= set.Train.N {
			return nil, fmt.Errorf("there is no training image %d: %s has %d, which are numbered 0 to %d", i, set.Title, set.Train.N, set.Train.N-1)
		}
		for range s.Copies {
			which = append(which, int32(few.N))
		}
		few.N++
		few.Pixels, few.Labels = append(few.Pixels, set.Train.Picture(i)...), append(few.Labels, set.Train.Labels[i])
	}
	b, err := l.open(ctx, 1)
	if err != nil {
		return nil, err
	}
	drawn, names, err := augmented(b, few, set, which, s)
	if err != nil {
		return nil, err
	}
	columns := 1 + s.Copies*len(drawn)
	var tiles []figure.Tile
	tile := func(pixels []uint8, caption string) {
		tiles = append(tiles, figure.Tile{Picture: figure.Picture(pixels, few.Height, few.Width, few.Channels), Caption: caption})
		captions[len(captions)-1] = append(captions[len(captions)-1], caption)
	}
	for i := range few.N {
		captions = append(captions, nil)
		tile(few.Picture(i), set.Classes[few.Labels[i]])
		for j := range s.Copies {
			for k, pictures := range drawn {
				tile(pictures[i*s.Copies+j], names[k])
			}
		}
	}
	return captions, whole.Write(s.Out, func(w io.Writer) error { return figure.Grid(columns, tiles).PNG(w) })
}

// augmented are the pictures with these indices as they are fed to a training, or to both sides of a search's Barlow Twins loss.
func augmented(b *backend.Backend, im data.Images, set *data.Set, which []int32, s PicturesStage) (drawn [][][]uint8, names []string, err error) {
	f, err := augment.NewFeeder(b.Backend, im, set.Mean, set.Std, len(which), augment.Options{Crop: 4, Flip: true, Cutout: s.Cutout})
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	r := fit.Random(s.Seed, "pictures", 0, 0)
	var batches []*tensors.Tensor
	if s.Views == "" {
		x, y, err := f.Batch(which, r)
		if err != nil {
			return nil, nil, err
		}
		defer y.MustFinalizeAll()
		batches, names = []*tensors.Tensor{x}, []string{"augmented"}
	} else {
		views, err := distort.Parse(s.Views)
		if err != nil {
			return nil, nil, err
		}
		twins, err := f.Twins(views)
		if err != nil {
			return nil, nil, err
		}
		one, two, y, err := twins.Batch(which, r)
		if err != nil {
			return nil, nil, err
		}
		defer y.MustFinalizeAll()
		batches, names = []*tensors.Tensor{one, two}, []string{"view a", "view b"}
	}
	for _, x := range batches {
		defer x.MustFinalizeAll()
		pictures, err := f.Pictures(x)
		if err != nil {
			return nil, nil, err
		}
		drawn = append(drawn, pictures)
	}
	return drawn, names, nil
}
