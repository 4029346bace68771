package stage

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/pretrain"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/score/feature"
	"github.com/essnas/essnas/lib/settings"
	"github.com/essnas/essnas/lib/train"
	"github.com/spf13/pflag"
)

// probeStage returns the stage that measures the quality of a network's features.
func probeStage() Stage {
	return Stage{Name: "probe", Noun: "probe", Command: probeCommand, added: page.probed}
}

func probeCommand() Command {
	var s Probe
	d := DefaultCandidates()
	return Command{
		Use: "probe", Short: "Measure the quality of features",
		Long: `Measure the accuracy of simple classifiers on the features of a pretrained or trained network: a weighted vote of the k nearest training images (cosine,
arXiv:1805.01978), and logistic regression. The same classifiers on the features of the untrained network and on pixels are the baselines. Their
hyperparameters are chosen on validation images. The test set is read once for a run; a later command shows the stored result.`,
		Example: `  essnas probe --run runs/pretrain-cifar10-1a2b3c4d
  essnas probe --run runs/train-cifar10-5e6f7a8b --k 200 --temperature 0.07 --json`,
		Flags: func(f *pflag.FlagSet) {
			runFlag(f, &s.Dir, "`DIR` of the pretraining or training")
			f.IntSliceVar(&s.K, "k", nil, "`NUMBERS` of neighbours to choose from, separated by commas (default "+listed(d.K)+")")
			f.Float64SliceVar(&s.Temperature, "temperature", nil, "`TEMPERATURES` of their votes to choose from (default "+listed(d.Temperature)+")")
			f.Float64SliceVar(&s.L2, "l2", nil, "`PENALTIES` of the linear classifier to choose from (default "+listed(d.L2)+")")
			for _, name := range []string{"k", "temperature", "l2"} {
				f.Lookup(name).DefValue = "" // the help would show an empty list as the default
			}
		},
		Do: func(ctx context.Context, l *Env, _ *pflag.FlagSet, _ []string) (Answer, error) {
			r, probe, ended, err := l.Probe(ctx, s)
			if err != nil {
				return Answer{}, err
			}
			return Answer{probe, func(w io.Writer) error {
				if ended {
					fmt.Fprintf(w, "The test set was read on %s, and is not read again.\n\n", probe.Probed)
				}
				_, err := fmt.Fprintf(w, "%s\nReport    %s\n", ProbeText(probe), r.Path("report.html"))
				return err
			}}, nil
		},
	}
}

// listed returns numbers in the form in which a flag takes them: 0.07,0.2.
func listed[T int | float64](values []T) string {
	return strings.Join(strings.Fields(strings.Trim(fmt.Sprint(values), "[]")), ",")
}

// Probe is the request for the quality of the features of a run's network.
type Probe struct {
	Dir string // the run of a pretraining or a training
	run.Candidates
}

// DefaultCandidates returns candidates that include the neighbours and the temperature of
// arXiv:1805.01978 (200, 0.07).
func DefaultCandidates() run.Candidates {
	return run.Candidates{K: []int{5, 20, 50, 200}, Temperature: []float64{0.07, 0.2}, L2: []float64{1, 0.1, 0.01, 1e-3}}
}

func orDefault(c run.Candidates) (run.Candidates, error) {
	d := DefaultCandidates()
	if len(c.K) == 0 {
		c.K = d.K
	}
	if len(c.Temperature) == 0 {
		c.Temperature = d.Temperature
	}
	if len(c.L2) == 0 {
		c.L2 = d.L2
	}
	for _, k := range c.K {
		if k < 1 {
			return c, fmt.Errorf("k is %d: at least 1 neighbour must vote", k)
		}
	}
	for _, x := range append(append([]float64{}, c.Temperature...), c.L2...) {
		if !(x > 0) || x-x != 0 {
			return c, fmt.Errorf("temperature and l2 can't be %g: give positive numbers", x)
		}
	}
	return c, nil
}

// Probe measures the features of a pretraining's or a training's network. Later calls return the
// stored result, and ended is true. Probe returns an error for a run without features or one that
// has not ended, for invalid candidates, or for other candidates than those of the stored result.
func (l *Env) Probe(ctx context.Context, s Probe) (r *run.Run, p *run.Probe, ended bool, err error) {
	candidates, err := orDefault(s.Candidates)
	if err != nil {
		return nil, nil, false, err
	}
	if r, err = openFeatures(s.Dir); err != nil {
		return nil, nil, false, err
	}
	if p, err := r.Probe(); err != nil || p != nil {
		if err == nil && !reflect.DeepEqual(p.Candidates, candidates) && !reflect.DeepEqual(s.Candidates, run.Candidates{}) {
			err = fmt.Errorf("%s was probed with other candidates, and the test set is read only once for a run: leave out k, temperature and l2 to see the result", s.Dir)
		}
		if err != nil {
			return nil, nil, false, err
		}
		return r, p, true, l.shown(r)
	}
	if err := r.Take(); err != nil {
		return nil, nil, false, err
	}
	defer r.Close()
	if result, err := r.Result(); err != nil {
		return nil, nil, false, err
	} else if result == nil {
		return nil, nil, false, run.Advise(fmt.Sprintf("the run in %s has not ended, and the test set is read once, at the end; go on with: ", s.Dir), r.Config.Stage, "--run", s.Dir)
	}
	set, err := l.load(r.Config.Data)
	if err != nil {
		return nil, nil, false, err
	}
	if err := needLabels("probe", set.Unlabelled, set.Title); err != nil {
		return nil, nil, false, err
	}
	if p, err = l.probe(ctx, r, set, candidates); err != nil {
		return nil, nil, false, err
	}
	if err := r.Write("probe.json", p); err != nil {
		return nil, nil, false, err
	}
	return r, p, false, l.report(r)
}

// openFeatures opens a run whose network has trained features.
func openFeatures(dir string) (*run.Run, error) {
	return openCells(dir, "a pretraining or a training", func(r *run.Run) bool {
		s, err := of(r)
		return err == nil && s.Runs.body != nil
	}, "whose features could be probed", "pretrain")
}

// body is the part of a run's network with the features, and the selection of its images.
type body struct {
	net    *network.Network
	state  fit.State
	seed   uint64
	images int
}

// bodyOf returns the body of a run opened by openFeatures.
func bodyOf(r *run.Run) (b body, err error) {
	s, err := of(r)
	if err != nil {
		return b, err
	}
	return s.Runs.body(r)
}

// trainedBody returns the body with the best weights of a training.
func trainedBody(r *run.Run) (b body, err error) {
	s, err := validSettingsOf[settings.Train](r.Config)
	if err != nil {
		return b, err
	}
	d := r.Config.Data
	s.Auxiliary = 0 // the tower has no features
	if err := train.Fits(d.Side, s); err != nil {
		return b, fmt.Errorf("%s can't be used: %w", r.Path("config.json"), err)
	}
	b.net, b.seed, b.images = network.New(*r.Config.Genotype, s.Cells, s.Channels, 0, d.Channels, d.Side, s.Batch, false).With(s.Stem), s.Seed, s.Images
	return b, b.load(r, checkpoints(r).Best())
}

// pretrainedBody returns the body with the last weights of a pretraining.
func pretrainedBody(r *run.Run) (b body, err error) {
	s, err := validSettingsOf[settings.Pretrain](r.Config)
	if err != nil {
		return b, err
	}
	d := r.Config.Data
	if err := train.Fits(d.Side, settings.Train{}); err != nil {
		return b, fmt.Errorf("%s can't be used: %w", r.Path("config.json"), err)
	}
	s.Devices = 1 // independent of the devices of the training
	b.net, b.seed, b.images = pretrain.Network(*r.Config.Genotype, s, d.Channels, d.Side), s.Seed, s.Images
	return b, b.load(r, checkpoints(r).Last())
}

func (b *body) load(r *run.Run, path string) (err error) {
	if b.state, err = fit.LoadState(path); err != nil {
		return fmt.Errorf("the network of %s can't be read: %w", r.Dir, err)
	}
	return nil
}

func (l *Env) probe(ctx context.Context, r *run.Run, set *data.Set, c run.Candidates) (*run.Probe, error) {
	body, err := bodyOf(r)
	if err != nil {
		return nil, err
	}
	b, err := l.open(ctx, 0)
	if err != nil {
		return nil, err
	}
	test := set.Test
	if l.TestImages > 0 {
		test = test.First(l.TestImages)
	}
	train, validation := set.TrainValidation(body.seed, body.images)
	parts := []part{{set.Train, train}, {set.Train, validation}, {test, all(test.N)}}
	var labels [3][]uint8
	for i, p := range parts {
		labels[i] = pretrain.Labels(p.im, p.index)
	}
	out := &run.Probe{
		Data: set.Title, Sample: set.Sample, Train: len(train), Validation: len(validation), Test: test.N,
		Chance: 1 / float64(len(set.Classes)), Candidates: c, Probed: time.Now().UTC().Format(time.RFC3339),
	}
	for _, kind := range []string{"network", "untrained", "pixels"} {
		var features [3][][]float32
		if kind == "pixels" {
			for i, p := range parts {
				features[i] = pretrain.Pixels(set, p.im, p.index)
			}
		} else if features, err = l.features(ctx, b, set, body, kind, parts); err != nil {
			return nil, err
		}
		row, err := knn(ctx, b, features, labels, len(set.Classes), c)
		if err != nil {
			return nil, err
		}
		row.Features, row.Size = kind, len(features[0][0])
		out.Rows = append(out.Rows, row)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if kind == "pixels" {
			continue // a linear classifier on three thousand pixels is slow and a poor baseline
		}
		if row, err = linear(ctx, features, labels, len(set.Classes), c); err != nil {
			return nil, err
		}
		row.Features, row.Size = kind, len(features[0][0])
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// part is a selection of a set's images.
type part struct {
	im    data.Images
	index []int32
}

func all(n int) []int32 {
	index := make([]int32, n)
	for i := range index {
		index[i] = int32(i)
	}
	return index
}

// features returns the features of the parts from the run's network, or from one with its initial
// weights.
func (l *Env) features(ctx context.Context, b *backend.Backend, set *data.Set, body body, kind string, parts []part) (out [3][][]float32, err error) {
	m := network.NewModel(b, body.net, body.seed)
	defer m.Close()
	p := l.progress()
	defer p.done()
	if _, err := p.compile(m); err != nil {
		return out, err
	}
	for i, part := range parts {
		feeder, err := augment.NewFeeder(b.Backend, part.im, set.Mean, set.Std, body.net.Batch, augment.Options{Out: m.Lowering().From})
		if err != nil {
			return out, err
		}
		if i == 0 && kind == "untrained" {
			err = m.MeasureNorms(ctx, feeder, part.index)
		} else if i == 0 {
			err = m.Restore(body.state)
		}
		if err == nil {
			out[i], err = m.Features(ctx, feeder, part.index, func(done, total int) {
				p.show(done, total, fmt.Sprintf("features of %d of %d images, %s", done, total, kind))
			})
		}
		feeder.Close()
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// knn chooses k and temperature on the validation images. Among candidates of equal accuracy the
// first one wins.
func knn(ctx context.Context, b *backend.Backend, features [3][][]float32, labels [3][]uint8, classes int, c run.Candidates) (row run.ProbeRow, err error) {
	most := 0
	for _, k := range c.K {
		most = max(most, k)
	}
	near, err := feature.Nearest(ctx, b.Backend, features[0], features[1], most)
	if err != nil {
		return row, err
	}
	best, chosenK, chosenT := -1, 0, 0.0
	for _, k := range c.K {
		for _, t := range c.Temperature {
			if hits := feature.Hits(near.Vote(labels[0], classes, k, t), labels[1]); hits > best {
				best, chosenK, chosenT = hits, k, t
			}
		}
	}
	if near, err = feature.Nearest(ctx, b.Backend, features[0], features[2], chosenK); err != nil {
		return row, err
	}
	row = run.ProbeRow{Classifier: "kNN", Setting: fmt.Sprintf("k %d, temperature %g", chosenK, chosenT)}
	measure(&row, best, len(labels[1]), feature.Hits(near.Vote(labels[0], classes, chosenK, chosenT), labels[2]), len(labels[2]))
	return row, nil
}

// linear chooses the penalty on the validation images. It tries the penalties from the strongest to
// the weakest.
func linear(ctx context.Context, features [3][][]float32, labels [3][]uint8, classes int, c run.Candidates) (row run.ProbeRow, err error) {
	var last, chosen *feature.Linear
	best, l2 := -1, 0.0
	for _, penalty := range c.L2 {
		if last, err = feature.FitLinear(ctx, features[0], labels[0], classes, penalty, last); err != nil {
			return row, err
		}
		if hits := feature.Hits(last.Logits(features[1]), labels[1]); hits > best {
			best, l2, chosen = hits, penalty, last
		}
	}
	row = run.ProbeRow{Classifier: "linear", Setting: fmt.Sprintf("l2 %g", l2)}
	measure(&row, best, len(labels[1]), feature.Hits(chosen.Logits(features[2]), labels[2]), len(labels[2]))
	return row, nil
}

func measure(r *run.ProbeRow, validation, of, test, images int) {
	r.Validation, r.Test, r.Range = float64(validation)/float64(of), float64(test)/float64(images), score.Wilson(test, images)
}

// ProbeText writes the probe as a table.
func ProbeText(p *run.Probe) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: learnt from %d images, chosen on %d, tested on %d; chance %.3g %%\n\n", p.Data, p.Train, p.Validation, p.Test, 100*p.Chance)
	fmt.Fprintf(&text, "%-10s %5s  %-10s  %-24s %10s  %s\n", "features", "size", "classifier", "chosen", "validation", "test (95 %)")
	for _, r := range p.Rows {
		fmt.Fprintf(&text, "%-10s %5d  %-10s  %-24s %8.2f %%  %.2f %% (%.2f to %.2f)\n", r.Features, r.Size, r.Classifier, r.Setting, 100*r.Validation, 100*r.Test, 100*r.Range.Low, 100*r.Range.High)
	}
	return text.String()
}
