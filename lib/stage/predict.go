package stage

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/data/picture"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/spf13/pflag"
)

// predictStage returns the stage that classifies images with a training's network.
func predictStage() Stage {
	return Stage{Name: "predict", Noun: "prediction", Command: predictCommand}
}

func predictCommand() Command {
	var s Predict
	return Command{
		Use: "predict [FILE...]", Short: "Classify pictures with a trained network",
		Long: `Classify PNG, JPEG or WebP pictures, or images of the test set by their numbers, with the best weights of a training. A picture is turned upright by
its EXIF orientation, and its middle square is scaled to the size of the data set's images. A warning names a picture whose background differs from that of the training images.`,
		Example: `  essnas predict --run runs/train-cifar10-5e6f7a8b cat.jpg dog.png
  essnas predict --run runs/train-cifar10-5e6f7a8b --index 0,1,2 --out three.png`,
		Files: true, Brief: true,
		Flags: func(f *pflag.FlagSet) {
			runFlag(f, &s.Dir, "`DIR` of the training")
			f.IntSliceVar(&s.Index, "index", nil, "`NUMBERS` of test images, from 0")
			f.BoolVar(&s.Invert, "invert", false, "exchange dark and light in the pictures of files, for example for drawings on white if the training images are on black")
			f.IntVar(&s.Top, "top", guesses, "classes to show for each picture")
			f.StringVar(&s.Out, "out", "", "PNG `FILE` to draw; default figures/predict.png in the run")
		},
		Do: func(ctx context.Context, l *Env, _ *pflag.FlagSet, files []string) (Answer, error) {
			s.Files = files
			if s.Top < 1 {
				return Answer{}, fmt.Errorf("--top is %d: want 1 or more classes", s.Top)
			}
			predictions, file, err := l.Predict(ctx, s)
			if err != nil {
				return Answer{}, err
			}
			return Answer{run.Predictions{Predictions: predictions, Picture: file}, func(w io.Writer) error {
				table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				for _, q := range predictions {
					var row []string
					for _, g := range q.Top {
						row = append(row, fmt.Sprintf("%s %.1f %%", g.Class, 100*g.Probability))
					}
					truth := ""
					if q.True != "" {
						truth = "(is " + q.True + ")"
					}
					fmt.Fprintf(table, "%s\t%s\t%s\n", q.Picture, strings.Join(row, "\t"), truth)
				}
				if err := table.Flush(); err != nil {
					return err
				}
				for _, q := range predictions {
					if q.Warning != "" {
						fmt.Fprintf(w, "\nWarning: %s: %s\n", q.Picture, q.Warning)
					}
				}
				_, err := fmt.Fprintf(w, "\nPicture   %s\n", file)
				return err
			}}, nil
		},
	}
}

// Predict is the request for predictions of a trained network.
type Predict struct {
	Dir string // the run of a training
	// Files are PNG, JPEG or WebP files. Their middle squares are scaled to the size of the data
	// set's images.
	Files  []string
	Invert bool   // exchange dark and light in the files' images
	Index  []int  // indices of test images
	Top    int    // number of classes per image; 0: 3
	Out    string // file of the drawing; "" for figures/predict.png in the run
}

// Predict classifies images with the best weights of a training. It returns the predictions, test
// images first, and the name of the file with the drawing. Predict returns an error for a run that
// is no training with weights, for unreadable images, or if the file can't be written.
func (l *Env) Predict(ctx context.Context, s Predict) ([]run.Prediction, string, error) {
	r, err := openTraining(s.Dir)
	if err != nil {
		return nil, "", err
	}
	im, predictions, seen, err := l.pictures(r.Config.Data, s)
	if err != nil {
		return nil, "", err
	}
	var logits [][]float32
	if err := l.withModel(ctx, r, func(m *model) (err error) {
		logits, err = m.logits(ctx, im, l.progress())
		return err
	}); err != nil {
		return nil, "", err
	}
	top := s.Top
	if top == 0 {
		top = guesses
	}
	var cards []figure.Card
	for i := range predictions {
		p := &predictions[i]
		sample, err := newSample(im, i, logits[i], top)
		if err != nil {
			return nil, "", err
		}
		card := figure.Card{Picture: seen[i], True: p.True}
		for _, g := range sample.Top {
			name := r.Config.Data.Classes[g.Class]
			p.Top = append(p.Top, run.ClassName{Class: name, Probability: g.Probability})
			card.Guesses = append(card.Guesses, figure.Guess{Class: name, Probability: g.Probability})
		}
		cards = append(cards, card)
	}
	out := s.Out
	if out == "" {
		out = r.Path("figures", "predict.png")
	}
	return predictions, out, atomicfile.Write(out, func(w io.Writer) error { return figure.Predictions(2, cards).PNG(w) })
}

// pictures returns the images to classify, test images first, at the size of the network's input.
// seen has the same images for the drawing.
func (l *Env) pictures(c run.Data, s Predict) (im data.Images, predictions []run.Prediction, seen []image.Image, err error) {
	if len(s.Files)+len(s.Index) == 0 {
		return im, nil, nil, errors.New("which pictures? Name PNG, JPEG or WebP files, or give --index with the numbers of test images")
	}
	im = data.Images{Height: c.Side, Width: c.Side, Channels: c.Channels}
	add := func(name, class string, label uint8, pixels []uint8) {
		im.N++
		im.Pixels, im.Labels = append(im.Pixels, pixels...), append(im.Labels, label)
		predictions = append(predictions, run.Prediction{Picture: name, True: class})
		seen = append(seen, figure.Picture(pixels, c.Side, c.Side, c.Channels))
	}
	if len(s.Index) > 0 {
		set, err := l.load(c)
		if err != nil {
			return im, nil, nil, err
		}
		for _, i := range s.Index {
			if i < 0 || i >= set.Test.N {
				return im, nil, nil, fmt.Errorf("there is no test image %d: the %d test images of %s are numbered 0 to %d", i, set.Test.N, set.Title, set.Test.N-1)
			}
			label := set.Test.Labels[i]
			add(fmt.Sprintf("test image %d", i), set.Classes[label], label, set.Test.Picture(i))
		}
	}
	for _, file := range s.Files {
		pixels, err := squareOf(file, c.Side, c.Channels)
		if err != nil {
			return im, nil, nil, err
		}
		if s.Invert {
			picture.Invert(pixels)
		}
		add(file, "", 0, pixels)
		predictions[len(predictions)-1].Warning = foreign(c.Background, pixels, c.Side, c.Channels)
	}
	return im, predictions, seen, nil
}

// maxFile is the largest size of a picture's file in bytes.
const maxFile = 128 << 20

// squareOf reads the middle square of a picture's file as pixels, [side, side, channels]. It
// returns an error if the file is too large or no readable picture.
func squareOf(file string, side, channels int) ([]uint8, error) {
	info, err := os.Stat(file)
	if err == nil && info.Size() > maxFile {
		return nil, fmt.Errorf("picture %s is too large with %d bytes: make it smaller", file, info.Size())
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the picture can't be read: %w", err)
	}
	im, err := picture.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("picture %s %w", file, err)
	}
	return picture.Square(im, side, channels), nil
}

// encodePNG returns image i as a PNG file in base64.
func encodePNG(im data.Images, i int) (string, error) {
	var text strings.Builder
	w := base64.NewEncoder(base64.StdEncoding, &text)
	if err := png.Encode(w, figure.Picture(im.Picture(i), im.Height, im.Width, im.Channels)); err != nil {
		return "", err
	}
	err := w.Close()
	return text.String(), err
}
