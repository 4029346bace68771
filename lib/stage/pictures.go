package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/augment/distort"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/spf13/pflag"
)

// picturesStage returns the stage that draws training images with their augmentation.
func picturesStage() Stage {
	return Stage{Name: "pictures", Noun: "drawing", Command: picturesCommand}
}

func picturesCommand() Command {
	var s Pictures
	return Command{
		Use: "pictures", Short: "Draw training images and their augmentation",
		Long: `Draw training images and their augmentation. Each image has a row: first the image itself, then copies with the augmentation of a training (random crop and
flip, and a square cut out). With --views the copies are the pairs of distorted views that the Barlow Twins loss compares.`,
		Example: `  essnas pictures --dataset cifar10 --index 0,1,2 --cutout 16 --copies 5 --out training.png
  essnas pictures --index 0,1,2 --views default --out views.png
  essnas pictures --index 0 --views 'distort 1 rotate 30' --out turned.png`,
		Flags: func(f *pflag.FlagSet) {
			datasetFlag(f, &s.Dataset)
			f.IntSliceVar(&s.Index, "index", nil, "`NUMBERS` of training images, from 0")
			f.IntVar(&s.Copies, "copies", 2, "augmented copies of each image; with --views, pairs of views")
			f.StringVar(&s.Views, "views", "", "draw the two views of the Barlow Twins loss: 'default', or steps as in essnas search --views")
			f.IntVar(&s.Cutout, "cutout", 0, "side of the square that is cut out, in pixels, an even number; 0: none")
			f.Uint64Var(&s.Seed, "seed", 1, "seed of the augmentation")
			f.StringVar(&s.Out, "out", "", "PNG `FILE` to draw")
		},
		Do: func(ctx context.Context, l *Env, _ *pflag.FlagSet, _ []string) (Answer, error) {
			if s.Out == "" {
				return Answer{}, errors.New("where to? Give --out with the name of a PNG file")
			}
			captions, err := l.Pictures(ctx, s)
			if err != nil {
				return Answer{}, err
			}
			return Answer{run.Pictures{Captions: captions, Picture: s.Out}, func(w io.Writer) error {
				for _, row := range captions {
					fmt.Fprintln(w, strings.Join(row, ", "))
				}
				_, err := fmt.Fprintf(w, "\nPicture   %s\n", s.Out)
				return err
			}}, nil
		},
	}
}

// Pictures is the request for a drawing of training images and their augmentation.
type Pictures struct {
	Dataset string // "" for Fashion-MNIST
	Index   []int  // indices of training images
	Copies  int    // augmented copies of each image, or pairs of views
	// Views describes the two views of self-supervision (see distort.Parse); "" stands for the
	// augmentation of trainings: crop, flip and cutout.
	Views  string
	Cutout int // side of the erased square, in pixels; 0: none
	Seed   uint64
	Out    string // PNG file to draw
}

// Pictures draws a row for each image, the original and then its copies, into a PNG file. It
// returns the captions, [image][column]. Pictures returns an error for invalid indices, numbers or
// views, or if the file can't be written.
func (l *Env) Pictures(ctx context.Context, s Pictures) (captions [][]string, err error) {
	if len(s.Index) == 0 || s.Copies < 1 {
		return nil, fmt.Errorf("%d images and %d copies of them leave nothing to draw: give --index with numbers of training images, and 1 or more --copies", len(s.Index), s.Copies)
	}
	set, err := l.Dataset(s.Dataset)
	if err != nil {
		return nil, err
	}
	few := data.Images{Height: set.Train.Height, Width: set.Train.Width, Channels: set.Train.Channels}
	var which []int32 // each image once for every copy
	for _, i := range s.Index {
		if i < 0 || i >= set.Train.N {
			return nil, fmt.Errorf("there is no training image %d: the %d training images of %s are numbered 0 to %d", i, set.Train.N, set.Title, set.Train.N-1)
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
	return captions, atomicfile.Write(s.Out, func(w io.Writer) error { return figure.Grid(columns, tiles).PNG(w) })
}

// augmented returns augmented copies of the images with these indices, [image][copy][pixel], and
// the names of the copies. With views each copy is a pair of views.
func augmented(b *backend.Backend, im data.Images, set *data.Set, which []int32, s Pictures) (drawn [][][]uint8, names []string, err error) {
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
