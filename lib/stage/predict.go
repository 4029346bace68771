package stage

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // one of the formats that picture reads
	"image/png"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/internal/whole"
	"github.com/essnas/essnas/lib/run"
	"github.com/spf13/pflag"
	"golang.org/x/image/draw"
)

// predictStage classifies images with a training's network.
func predictStage() Stage {
	return Stage{Name: "predict", Noun: "prediction", Command: predictCommand}
}

func predictCommand() Command {
	var s Predict
	return Command{
		Use: "predict [FILE...]", Short: "Classify pictures with a trained network",
		Long: `Classify PNG or JPEG pictures, or images of the test set by their numbers, with the best weights of a training. The middle square of a picture is scaled to the size
of the data set's images.`,
		Example: `  essnas predict --run runs/train-cifar10-5e6f7a8b cat.jpg dog.png
  essnas predict --run runs/train-cifar10-5e6f7a8b --index 0,1,2 --out three.png`,
		Files: true, Brief: true,
		Flags: func(f *pflag.FlagSet) {
			runFlag(f, &s.Dir, "`DIR` of the training")
			f.IntSliceVar(&s.Index, "index", nil, "`NUMBERS` of test images, from 0")
			f.IntVar(&s.Top, "top", guesses, "classes to show for each picture")
			f.StringVar(&s.Out, "out", "", "PNG `FILE` to draw; default figures/predict.png in the run")
		},
		Do: func(ctx context.Context, l *Env, _ *pflag.FlagSet, files []string) (Answer, error) {
			s.Files = files
			if s.Top < 1 {
				return Answer{}, fmt.Errorf("--top is %d: want 1 or more classes", s.Top)
			}
			predictions, picture, err := l.Predict(ctx, s)
			if err != nil {
				return Answer{}, err
			}
			return Answer{run.Predictions{Predictions: predictions, Picture: picture}, func(w io.Writer) error {
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
				_, err := fmt.Fprintf(w, "\nPicture   %s\n", picture)
				return err
			}}, nil
		},
	}
}

// Predict asks for predictions of a trained network.
type Predict struct {
	Dir string // the run of a training
	// PNG or JPEG files; the middle square is scaled to the size of the data set's images
	Files []string
	Index []int  // images of the test set
	Top   int    // number of classes per image; 0: 3
	Out   string // file of the drawing; "" for figures/predict.png in the run
}

// maxPixels bounds the unpacked size of an image.
const maxPixels = 1 << 27

// Predict classifies images with the best weights of a training run and draws them to a file whose
// name it returns. Predict returns an error for a run that is no training with weights, for
// unreadable images, or if the file can't be written.
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
	return predictions, out, whole.Write(out, func(w io.Writer) error { return figure.Predictions(2, cards).PNG(w) })
}

// pictures returns the images to classify, test images first, as the network sees them.
func (l *Env) pictures(c run.Data, s Predict) (im data.Images, predictions []run.Prediction, seen []image.Image, err error) {
	if len(s.Files)+len(s.Index) == 0 {
		return im, nil, nil, errors.New("which pictures? Name PNG or JPEG files, or give --index with the numbers of test images")
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
				return im, nil, nil, fmt.Errorf("there is no test image %d: %s has %d, which are numbered 0 to %d", i, set.Title, set.Test.N, set.Test.N-1)
			}
			label := set.Test.Labels[i]
			add(fmt.Sprintf("test image %d", i), set.Classes[label], label, set.Test.Picture(i))
		}
	}
	for _, file := range s.Files {
		pixels, err := picture(file, c.Side, c.Channels)
		if err != nil {
			return im, nil, nil, err
		}
		add(file, "", 0, pixels)
	}
	return im, predictions, seen, nil
}

// picture reads a file as pixels [side, side, channels].
func picture(file string, side, channels int) ([]uint8, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("the picture can't be read: %w", err)
	}
	defer f.Close()
	config, _, err := image.DecodeConfig(f)
	if err == nil && (config.Width <= 0 || config.Height <= 0 || config.Width > maxPixels/config.Height) {
		return nil, fmt.Errorf("picture %s has %d x %d pixels, more than can be read: make it smaller", file, config.Width, config.Height)
	}
	if err == nil {
		if _, err = f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
	}
	var src image.Image
	if err == nil {
		src, _, err = image.Decode(f)
	}
	if err != nil {
		return nil, fmt.Errorf("picture %s can't be read (%w): give a PNG or JPEG file that is whole", file, plain(err))
	}
	b := src.Bounds()
	short := min(b.Dx(), b.Dy())
	corner := b.Min.Add(image.Pt((b.Dx()-short)/2, (b.Dy()-short)/2))
	small := image.NewRGBA(image.Rect(0, 0, side, side)) // transparent parts become black
	for i := 3; i < len(small.Pix); i += 4 {
		small.Pix[i] = 0xff
	}
	draw.CatmullRom.Scale(small, small.Rect, src, image.Rectangle{Min: corner, Max: corner.Add(image.Pt(short, short))}, draw.Over, nil)
	pixels := make([]uint8, 0, side*side*channels)
	for y := range side {
		for x := range side {
			c := small.RGBAAt(x, y)
			if channels == 1 {
				pixels = append(pixels, color.GrayModel.Convert(c).(color.Gray).Y)
			} else {
				pixels = append(pixels, c.R, c.G, c.B)
			}
		}
	}
	return pixels, nil
}

// plain removes the names of packages from the errors of image decoders.
func plain(err error) error {
	text := err.Error()
	for _, name := range []string{"image: ", "png: ", "jpeg: ", "invalid format: "} {
		text = strings.TrimPrefix(text, name)
	}
	return errors.New(text)
}

// encodePNG returns a small image as text.
func encodePNG(im data.Images, i int) (string, error) {
	var text strings.Builder
	w := base64.NewEncoder(base64.StdEncoding, &text)
	if err := png.Encode(w, figure.Picture(im.Picture(i), im.Height, im.Width, im.Channels)); err != nil {
		return "", err
	}
	err := w.Close()
	return text.String(), err
}
