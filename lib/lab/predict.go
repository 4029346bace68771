package lab

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

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/internal/whole"
	"golang.org/x/image/draw"
)

// PredictStage asks what a trained network sees in pictures.
type PredictStage struct {
	Dir   string   // the run of a training
	Files []string // PNG or JPEG pictures; their middle square is taken and scaled to the size of the data set's images
	Index []int    // images of the test set
	Top   int      // classes to show for each; 0: 3
	Out   string   // where to draw them; "" for figures/predict.png in the run
}

// Prediction is what a network sees in a picture.
type Prediction struct {
	Picture string      `json:"picture"`        // the file, or "test image 17"
	True    string      `json:"true,omitempty"` // its class, of a test image
	Top     []ClassName `json:"top"`            // the most probable first
	image   image.Image // as the network sees it
}

// ClassName is a class with its probability.
type ClassName struct {
	Class       string  `json:"class"`
	Probability float64 `json:"probability"`
}

// maxPixels bounds what a picture may unpack to.
const maxPixels = 1 << 27

// Predict classifies pictures with the best weights of a training run, and draws them to a file whose name it returns.
func (l *Lab) Predict(ctx context.Context, s PredictStage) ([]Prediction, string, error) {
	r, err := openTraining(s.Dir)
	if err != nil {
		return nil, "", err
	}
	im, predictions, err := l.pictures(r.Config.Data, s)
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
		card := figure.Card{Picture: p.image, True: p.True}
		for _, g := range sample.Top {
			name := r.Config.Data.Classes[g.Class]
			p.Top = append(p.Top, ClassName{name, g.Probability})
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

// pictures are what is to be classified, test images first.
func (l *Lab) pictures(c DataConfig, s PredictStage) (im data.Images, predictions []Prediction, err error) {
	if len(s.Files)+len(s.Index) == 0 {
		return im, nil, errors.New("which pictures? Name PNG or JPEG files, or give --index with the numbers of test images")
	}
	im = data.Images{Height: c.Side, Width: c.Side, Channels: c.Channels}
	add := func(name, class string, label uint8, pixels []uint8) {
		im.N++
		im.Pixels, im.Labels = append(im.Pixels, pixels...), append(im.Labels, label)
		predictions = append(predictions, Prediction{Picture: name, True: class, image: figure.Picture(pixels, c.Side, c.Side, c.Channels)})
	}
	if len(s.Index) > 0 {
		set, err := l.load(c)
		if err != nil {
			return im, nil, err
		}
		for _, i := range s.Index {
			if i < 0 || i >= set.Test.N {
				return im, nil, fmt.Errorf("there is no test image %d: %s has %d, which are numbered 0 to %d", i, set.Title, set.Test.N, set.Test.N-1)
			}
			label := set.Test.Labels[i]
			add(fmt.Sprintf("test image %d", i), set.Classes[label], label, set.Test.Picture(i))
		}
	}
	for _, file := range s.Files {
		pixels, err := picture(file, c.Side, c.Channels)
		if err != nil {
			return im, nil, err
		}
		add(file, "", 0, pixels)
	}
	return im, predictions, nil
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
	small := image.NewRGBA(image.Rect(0, 0, side, side)) // black, which is what shows where the picture is transparent
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

// plain takes the names of packages off the image decoders' errors.
func plain(err error) error {
	text := err.Error()
	for _, name := range []string{"image: ", "png: ", "jpeg: ", "invalid format: "} {
		text = strings.TrimPrefix(text, name)
	}
	return errors.New(text)
}

// encodePNG is a small picture as text.
func encodePNG(im data.Images, i int) (string, error) {
	var text strings.Builder
	w := base64.NewEncoder(base64.StdEncoding, &text)
	if err := png.Encode(w, figure.Picture(im.Picture(i), im.Height, im.Width, im.Channels)); err != nil {
		return "", err
	}
	err := w.Close()
	return text.String(), err
}
