package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/train"
	"github.com/spf13/pflag"
)

// testStage returns the stage that tests a training's network on the test images.
func testStage() Stage {
	return Stage{Name: "test", Noun: "test", Command: testCommand, added: page.tested}
}

func testCommand() Command {
	var dir string
	return Command{
		Use: "test", Short: "Test a trained network",
		Long: `Test a trained network on the test images: top-1 and top-5 accuracy, precision, recall, F1 and accuracy of each class, the confusion matrix, and the loss.
The test set is read once for a run; a later command shows the stored result.`,
		Example: "  essnas test --run runs/train-cifar10-5e6f7a8b",
		Flags:   func(f *pflag.FlagSet) { runFlag(f, &dir, "`DIR` of the training") },
		Do: func(ctx context.Context, l *Env, _ *pflag.FlagSet, _ []string) (Answer, error) {
			r, t, ended, err := l.Test(ctx, dir)
			if err != nil {
				return Answer{}, err
			}
			return Answer{t, func(w io.Writer) error {
				if ended {
					fmt.Fprintf(w, "The test set was read on %s, and is not read again.\n\n", t.Tested)
				}
				_, err := io.WriteString(w, TestText(r, t))
				return err
			}}, nil
		},
	}
}

// TestText writes the result of a test as text.
func TestText(r *run.Run, t *run.Test) string {
	text := fmt.Sprintf("%s, weights of epoch %d\n\n%s", t.Data, t.Epoch, t.Table)
	for _, warning := range append(slices.Clone(t.Warnings), t.Table.Warnings()...) {
		text += "\nWarning: " + warning
	}
	return text + fmt.Sprintf("\nReport    %s\n", r.Path("report.html"))
}

const (
	guesses = 3  // classes shown for each sample
	samples = 10 // largest number of correct samples, and of wrong samples
)

// Test reads the test set with the best weights of a training run. Later calls return the stored
// result, and ended is true. Test returns an error for a run that is no training or has not ended,
// and for missing data.
func (l *Env) Test(ctx context.Context, dir string) (r *run.Run, t *run.Test, ended bool, err error) {
	r, err = openTraining(dir)
	if err != nil {
		return nil, nil, false, err
	}
	if t, err := r.Test(); err != nil {
		return nil, nil, false, err
	} else if t != nil {
		return r, t, true, l.shown(r)
	}
	if err := r.Take(); err != nil {
		return nil, nil, false, err
	}
	defer r.Close()
	if result, err := r.Result(); err != nil {
		return nil, nil, false, err
	} else if result == nil {
		return nil, nil, false, run.Advise(fmt.Sprintf("the training in %s has not ended, and the test set is read once, at the end; go on with: ", dir), "train", "--run", dir)
	}
	set, err := l.load(r.Config.Data)
	if err != nil {
		return nil, nil, false, err
	}
	images := set.Test
	if l.TestImages > 0 {
		images = images.First(l.TestImages)
	}
	t = &run.Test{Data: set.Title, Sample: set.Sample, Tested: time.Now().UTC().Format(time.RFC3339)}
	s, err := validSettingsOf[settings.Train](r.Config)
	if err != nil {
		return nil, nil, false, err
	}
	t.Warnings = unseen(set, s)
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

// unseen names the classes of which a training had no image, in a sentence without its full stop.
// It returns nothing if there are none.
func unseen(set *data.Set, s settings.Train) []string {
	classes := train.Unseen(set, s)
	if len(classes) == 0 {
		return nil
	}
	return []string{"the training had no image of " + strings.Join(classes, ", ")}
}

// openTraining opens the run of a training. It returns an error for other runs.
func openTraining(dir string) (*run.Run, error) {
	return openCells(dir, "a training", trainStage().made, "to classify with", "train")
}

// model is the network of a training run with its best weights.
type model struct {
	*network.Model
	b      *backend.Backend
	config run.Data
	batch  int
	epoch  int // counted from 1
}

func newModel(b *backend.Backend, r *run.Run) (*model, error) {
	s, err := validSettingsOf[settings.Train](r.Config)
	if err != nil {
		return nil, err
	}
	state, err := fit.LoadState(checkpoints(r).Best())
	if err != nil {
		return nil, noWeights(r, err)
	}
	_, _, epoch, err := fit.Progress(state)
	if err != nil {
		return nil, err
	}
	d := r.Config.Data
	s.Auxiliary = 0 // the auxiliary tower takes part in training only
	if err := train.Fits(d.Side, s); err != nil {
		return nil, fmt.Errorf("%s can't be used: %w", r.Path("config.json"), err)
	}
	// Validation has compiled the programs for the batch of the training.
	net := network.New(*r.Config.Genotype, s.Cells, s.Channels, len(d.Classes), d.Channels, d.Side, s.Batch, false).With(s.Stem)
	m := &model{network.NewModel(b, net, 0), b, d, s.Batch, epoch + 1}
	if err := m.Restore(state); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// noWeights returns the error for a training without readable weights.
func noWeights(r *run.Run, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return run.Advise(fmt.Sprintf("the training in %s has not finished an epoch, so there are no weights yet; go on with: ", r.Dir), "train", "--run", r.Dir)
	}
	return fmt.Errorf("the trained network can't be read: %w", err)
}

// logits returns the logits of all images, [image][class].
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

// batches appends black images up to a multiple of n. The feeder's program is compiled for a fixed
// number of images; multiples of n avoid a compilation for every number of requested images.
func batches(im data.Images, n int) data.Images {
	if more := (n - im.N%n) % n; more > 0 {
		im.N += more
		im.Pixels = append(slices.Clip(im.Pixels), make([]uint8, more*im.Height*im.Width*im.Channels)...)
		im.Labels = append(slices.Clip(im.Labels), make([]uint8, more)...)
	}
	return im
}

// pick chooses samples: the first correct image of every class, and the most confident errors.
func pick(im data.Images, logits [][]float32) ([]run.Sample, error) {
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
	var all []run.Sample
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

// newSample returns image i with the most probable classes.
func newSample(im data.Images, i int, logits []float32, top int) (s run.Sample, err error) {
	s.Index, s.Label = i, -1
	p := score.Softmax(logits)
	for _, class := range score.TopK(p, top) {
		s.Top = append(s.Top, run.Guess{Class: class, Probability: p[class]})
	}
	s.PNG, err = encodePNG(im, i)
	return s, err
}
