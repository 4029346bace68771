package lab

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/pretrain"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/score/feature"
)

// ProbeStage asks what the features of a run's network are worth.
type ProbeStage struct {
	Dir string // of a pretraining or a training
	Candidates
}

// Candidates are what a probe chooses from on validation images. Empty ones stand for DefaultCandidates.
type Candidates struct {
	K           []int     `json:"k"`           // neighbours that vote
	Temperature []float64 `json:"temperature"` // of their votes
	L2          []float64 `json:"l2"`          // penalty of the linear classifier
}

// DefaultCandidates have the neighbours and the temperature of arXiv:1805.01978 (200, 0.07) among them.
func DefaultCandidates() Candidates {
	return Candidates{K: []int{5, 20, 50, 200}, Temperature: []float64{0.07, 0.2}, L2: []float64{1, 0.1, 0.01, 1e-3}}
}

func (c Candidates) orDefault() (Candidates, error) {
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

// Probe is probe.json: how well simple classifiers of a network's features do, beside those of what it began with and of pixels. Whoever votes or is learnt from are
// the run's training images; validation images choose, and the test images are read once.
type Probe struct {
	Data       string     `json:"data"`
	Sample     bool       `json:"sample"` // the embedded sample, not the whole data set
	Train      int        `json:"train_images"`
	Validation int        `json:"validation_images"`
	Test       int        `json:"test_images"`
	Chance     float64    `json:"chance"`
	Candidates Candidates `json:"candidates"`
	Rows       []ProbeRow `json:"rows"`
	Probed     string     `json:"probed"` // RFC 3339
}

// ProbeRow is one classifier of one kind of features; accuracies in 0..1.
type ProbeRow struct {
	Features   string         `json:"features"` // network, untrained or pixels
	Size       int            `json:"size"`     // how many each image has
	Classifier string         `json:"classifier"`
	Setting    string         `json:"setting"` // the chosen one
	Validation float64        `json:"validation"`
	Test       float64        `json:"test"`
	Range      score.Interval `json:"test_95"` // Wilson: the luck of the test images, not that of the seed
}

// Probe measures the features of a pretraining's or a training's network; the second time it returns what was found then, and ended is true.
func (l *Lab) Probe(ctx context.Context, s ProbeStage) (r *Run, p *Probe, ended bool, err error) {
	candidates, err := s.orDefault()
	if err != nil {
		return nil, nil, false, err
	}
	if r, err = openFeatures(s.Dir); err != nil {
		return nil, nil, false, err
	}
	if p, err := r.Probe(); err != nil || p != nil {
		if err == nil && !reflect.DeepEqual(p.Candidates, candidates) && !reflect.DeepEqual(s.Candidates, Candidates{}) {
			err = fmt.Errorf("%s was probed with other candidates, and the test set is read once for a run: leave out k, temperature and l2 to see the result", s.Dir)
		}
		return r, p, err == nil, err
	}
	if err := r.take(); err != nil {
		return nil, nil, false, err
	}
	defer r.Close()
	if result, err := r.Result(); err != nil {
		return nil, nil, false, err
	} else if result == nil {
		return nil, nil, false, fmt.Errorf("the run in %s has not ended, and the test set is read once, at the end; go on with: %s", s.Dir, command(r.Config.Stage, "--run", s.Dir))
	}
	set, err := l.load(r.Config.Data)
	if err != nil {
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

// Probe is the result of the probe; nil when there was none.
func (r *Run) Probe() (*Probe, error) {
	var p Probe
	found, err := r.read("probe.json", &p)
	if !found {
		return nil, err
	}
	return &p, nil
}

// openFeatures opens a run whose network has features that were trained.
func openFeatures(dir string) (*Run, error) {
	if dir == "" {
		return nil, fmt.Errorf("which run? Give --run with the directory of a pretraining or a training")
	}
	r, err := OpenRun(dir)
	if err == nil && r.Config.Stage != StageTrain && r.Config.Stage != StagePretrain {
		err = fmt.Errorf("%s is a %s, which has no network whose features could be probed: train its cell first, with: %s", dir, r.Config.Stage, command("pretrain", "--genotype", dir))
	}
	if err == nil && r.Config.Genotype == nil {
		err = fmt.Errorf("%s has no genotype: delete the run, or mend the file", r.Path("config.json"))
	}
	return r, err
}

// body is the part of a run's network that has the features, and how its images were chosen.
type body struct {
	net    *network.Network
	state  fit.State
	seed   uint64
	images int
}

func (r *Run) body() (b body, err error) {
	d, g := r.Config.Data, *r.Config.Genotype
	path := r.Store().Last()
	if r.Config.Stage == StagePretrain {
		s, err := settingsOf[settings.Pretrain](r.Config)
		if err != nil {
			return b, err
		}
		s.Devices = 1 // whatever it was trained on
		b.net, b.seed, b.images = pretrain.Network(g, s, d.Channels, d.Side), s.Seed, s.Images
	} else {
		s, err := settingsOf[settings.Train](r.Config)
		if err != nil {
			return b, err
		}
		b.net, b.seed, b.images = network.New(g, s.Cells, s.Channels, 0, d.Channels, d.Side, s.Batch, false), s.Seed, s.Images
		path = r.Store().Best()
	}
	if b.state, err = fit.LoadState(path); err != nil {
		return b, fmt.Errorf("the network of %s can't be read: %w", r.Dir, err)
	}
	return b, nil
}

func (l *Lab) probe(ctx context.Context, r *Run, set *data.Set, c Candidates) (*Probe, error) {
	body, err := r.body()
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
	out := &Probe{
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
		row, err := knn(b, features, labels, len(set.Classes), c)
		if err != nil {
			return nil, err
		}
		row.Features, row.Size = kind, len(features[0][0])
		out.Rows = append(out.Rows, row)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if kind == "pixels" {
			continue // three thousand inputs for a linear classifier: slow, and nobody compares with it
		}
		if row, err = linear(features, labels, len(set.Classes), c); err != nil {
			return nil, err
		}
		row.Features, row.Size = kind, len(features[0][0])
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// part are some of the images of a set.
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

// features of the parts: of the run's network, or of one with the weights that it began with.
func (l *Lab) features(ctx context.Context, b *backend.Backend, set *data.Set, body body, kind string, parts []part) (out [3][][]float32, err error) {
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
			err = m.Settle(ctx, feeder, part.index)
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

// knn chooses k and temperature on the validation images; of equal ones the first counts.
func knn(b *backend.Backend, features [3][][]float32, labels [3][]uint8, classes int, c Candidates) (row ProbeRow, err error) {
	most := 0
	for _, k := range c.K {
		most = max(most, k)
	}
	near, err := feature.Nearest(b.Backend, features[0], features[1], most)
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
	if near, err = feature.Nearest(b.Backend, features[0], features[2], chosenK); err != nil {
		return row, err
	}
	row = ProbeRow{Classifier: "kNN", Setting: fmt.Sprintf("k %d, temperature %g", chosenK, chosenT)}
	row.measure(best, len(labels[1]), feature.Hits(near.Vote(labels[0], classes, chosenK, chosenT), labels[2]), len(labels[2]))
	return row, nil
}

// linear chooses the penalty on the validation images, from the strongest to the weakest.
func linear(features [3][][]float32, labels [3][]uint8, classes int, c Candidates) (row ProbeRow, err error) {
	var last, chosen *feature.Linear
	best, l2 := -1, 0.0
	for _, penalty := range c.L2 {
		if last, err = feature.FitLinear(features[0], labels[0], classes, penalty, last); err != nil {
			return row, err
		}
		if hits := feature.Hits(last.Logits(features[1]), labels[1]); hits > best {
			best, l2, chosen = hits, penalty, last
		}
	}
	row = ProbeRow{Classifier: "linear", Setting: fmt.Sprintf("l2 %g", l2)}
	row.measure(best, len(labels[1]), feature.Hits(chosen.Logits(features[2]), labels[2]), len(labels[2]))
	return row, nil
}

func (r *ProbeRow) measure(validation, of, test, images int) {
	r.Validation, r.Test, r.Range = float64(validation)/float64(of), float64(test)/float64(images), score.Wilson(test, images)
}

// String is the probe as a table.
func (p *Probe) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: learnt from %d images, chosen on %d, tested on %d; chance %.3g %%\n\n", p.Data, p.Train, p.Validation, p.Test, 100*p.Chance)
	fmt.Fprintf(&text, "%-10s %5s  %-10s  %-24s %10s  %s\n", "features", "size", "classifier", "chosen", "validation", "test (95 %)")
	for _, r := range p.Rows {
		fmt.Fprintf(&text, "%-10s %5d  %-10s  %-24s %8.2f %%  %.2f %% (%.2f to %.2f)\n", r.Features, r.Size, r.Classifier, r.Setting, 100*r.Validation, 100*r.Test, 100*r.Range.Low, 100*r.Range.High)
	}
	return text.String()
}
