package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/score"
)

// Test is test.json: what a training run got on the test images, which are read once.
type Test struct {
	Table   score.Table `json:"table"`
	Data    string      `json:"data"`   // the data set's title
	Sample  bool        `json:"sample"` // the embedded sample, not the whole data set
	Epoch   int         `json:"epoch"`  // whose weights were tested, counted from 1: that of the lowest validation loss
	Weights int         `json:"weights"`
	MACs    int         `json:"macs"`   // multiply-accumulates for one image
	Tested  string      `json:"tested"` // RFC 3339
	Samples []Sample    `json:"samples"`
}

// Sample is an image of the test set with what the network makes of it.
type Sample struct {
	Index int     `json:"index"`
	Label int     `json:"label"` // the true class; -1: not known
	Top   []Guess `json:"top"`   // the most probable first
	PNG   string  `json:"png"`   // the picture, base64
}

// Guess is a class with its probability.
type Guess struct {
	Class       int     `json:"class"`
	Probability float64 `json:"probability"`
}

const (
	guesses = 3  // of each sample
	samples = 10 // right ones at most, and as many wrong ones
)

// Test reads the test set with the best weights of a training run; the second time it returns what was found then, and ended is true.
func (l *Lab) Test(ctx context.Context, dir string) (r *Run, t *Test, ended bool, err error) {
	r, err = openTraining(dir)
	if err != nil {
		return nil, nil, false, err
	}
	if t, err := r.Test(); err != nil || t != nil {
		return r, t, err == nil, err
	}
	if err := r.take(); err != nil {
		return nil, nil, false, err
	}
	defer r.Close()
	if result, err := r.Result(); err != nil {
		return nil, nil, false, err
	} else if result == nil {
		return nil, nil, false, fmt.Errorf("the training in %s has not ended, and the test set is read once, at the end; go on with: %s", dir, command("train", "--run", dir))
	}
	set, err := l.load(r.Config.Data)
	if err != nil {
		return nil, nil, false, err
	}
	images := set.Test
	if l.TestImages > 0 {
		images = images.First(l.TestImages)
	}
	t = &Test{Data: set.Title, Sample: set.Sample, Tested: time.Now().UTC().Format(time.RFC3339)}
	var logits [][]float32
	if err := l.withModel(ctx, r, func(m *model) (err error) {
		t.Epoch = m.epoch
		t.Weights, t.MACs = m.Net.Count()
		logits, err = m.logits(ctx, images, l.progress())
		return err
	}); err != nil {
		return nil, nil, false, err
	}
	if t.Table, err = score.New(set.Classes, logits, images.Labels); err != nil {
		return nil, nil, false, err
	}
	if t.Samples, err = pick(images, logits); err != nil {
		return nil, nil, false, err
	}
	if err := r.Write("test.json", t); err != nil {
		return nil, nil, false, err
	}
	return r, t, false, l.report(r)
}

func openTraining(dir string) (*Run, error) {
	if dir == "" {
		return nil, fmt.Errorf("which run? Give --run with the directory of a training")
	}
	r, err := OpenRun(dir)
	if err == nil && r.Config.Stage != StageTrain {
		err = fmt.Errorf("%s is a %s, which has no network to classify with: train its cell first, with: %s", dir, r.Config.Stage, command("train", "--genotype", dir))
	}
	if err == nil && r.Config.Genotype == nil {
		err = fmt.Errorf("%s has no genotype: delete the run, or mend the file", r.Path("config.json"))
	}
	return r, err
}

// model is the network of a training run with its best weights.
type model struct {
	*network.Model
	b      *backend.Backend
	config DataConfig
	batch  int
	epoch  int // counted from 1
}

func newModel(b *backend.Backend, r *Run) (*model, error) {
	s, err := settingsOf[settings.Train](r.Config)
	if err != nil {
		return nil, err
	}
	state, err := fit.LoadState(r.Store().Best())
	if err != nil {
		return nil, noWeights(r, err)
	}
	_, _, epoch, err := fit.Progress(state)
	if err != nil {
		return nil, err
	}
	d := r.Config.Data
	// The batch is that of the training: validation has compiled the same programs.
	net := network.New(*r.Config.Genotype, s.Cells, s.Channels, len(d.Classes), d.Channels, d.Side, s.Batch, false)
	m := &model{network.NewModel(b, net, 0), b, d, s.Batch, epoch + 1}
	if err := m.Restore(state); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// noWeights says why there are none.
func noWeights(r *Run, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the training in %s has not come to the end of an epoch, so there are no weights yet; go on with: %s", r.Dir, command("train", "--run", r.Dir))
	}
	return fmt.Errorf("the trained network can't be read: %w", err)
}

// logits are the scores of images, all of them.
func (m *model) logits(ctx context.Context, im data.Images, p *progress) ([][]float32, error) {
	if _, err := p.compile(m); err != nil {
		return nil, err
	}
	feeder, err := augment.NewFeeder(m.b.Backend, batches(im, m.batch), m.config.Mean, m.config.Std, m.batch, augment.Options{Out: m.Lowering().From})
	if err != nil {
		return nil, err
	}
	defer feeder.Close()
	index := make([]int32, im.N)
	for i := range index {
		index[i] = int32(i)
	}
	defer p.done()
	return m.Logits(ctx, feeder, index, func(done, total int) { p.show(done, total, fmt.Sprintf("classified %d of %d images", done, total)) })
}

// batches are the images and as many black ones as make the number a multiple of n: the feeder's program is compiled for a number of images, and should not be for
// every number that somebody asks about.
func batches(im data.Images, n int) data.Images {
	if more := (n - im.N%n) % n; more > 0 {
		im.N += more
		im.Pixels = append(slices.Clip(im.Pixels), make([]uint8, more*im.Height*im.Width*im.Channels)...)
		im.Labels = append(slices.Clip(im.Labels), make([]uint8, more)...)
	}
	return im
}

// pick chooses samples to show: of every class the first image that is classified right, and the wrong ones that the network is surest of.
func pick(im data.Images, logits [][]float32) ([]Sample, error) {
	var right, wrong []int
	seen := map[uint8]bool{}
	for i, row := range logits {
		switch label := im.Labels[i]; {
		case score.TopK(row, 1)[0] != int(label):
			wrong = append(wrong, i)
		case !seen[label] && len(right) < samples:
			seen[label] = true
			right = append(right, i)
		}
	}
	sure := func(i int) float64 { return slices.Max(score.Softmax(logits[i])) }
	slices.SortStableFunc(wrong, func(a, b int) int {
		if sure(a) > sure(b) {
			return -1
		} else if sure(a) < sure(b) {
			return 1
		}
		return 0
	})
	var all []Sample
	for _, i := range append(right, wrong[:min(samples, len(wrong))]...) {
		s, err := newSample(im, i, logits[i], guesses)
		if err != nil {
			return nil, err
		}
		s.Label = int(im.Labels[i])
		all = append(all, s)
	}
	return all, nil
}

// newSample is image i with the most probable classes.
func newSample(im data.Images, i int, logits []float32, top int) (s Sample, err error) {
	s.Index, s.Label = i, -1
	p := score.Softmax(logits)
	for _, class := range score.TopK(p, top) {
		s.Top = append(s.Top, Guess{class, p[class]})
	}
	s.PNG, err = encodePNG(im, i)
	return s, err
}
