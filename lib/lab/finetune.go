package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/essnas/essnas/lib/settings"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/score/student"
)

// FinetuneStage asks what a pretraining is worth to a training with few labels.
type FinetuneStage struct {
	Dir    string                           // of the pretraining
	Labels []float64                        // shares of the labels; none for DefaultShares
	Seeds  int                              // every training is made with the seeds 1 to Seeds; 0 for 1
	Choice *settings.Choice[settings.Train] // of all trainings; nil for the default. Its labels and seed are not used, cells and channels are the pretraining's
}

// DefaultShares are those of arXiv:2103.03230, section 3.2, and all labels.
func DefaultShares() []float64 { return []float64{0.01, 0.1, 1} }

// Finetuned is finetune.json: the test accuracies of networks that began with a pretraining's weights and of such that began with random ones, trained with the same
// settings and seeds. The images to validate by keep their labels, whatever the share.
type Finetuned struct {
	Data       string           `json:"data"`
	Sample     bool             `json:"sample"` // the embedded sample, not the whole data set
	Validation int              `json:"validation_images"`
	Test       int              `json:"test_images"`
	Chance     float64          `json:"chance"`
	Settings   settings.Train   `json:"settings"` // of the first training
	Seeds      int              `json:"seeds"`
	Shares     []FinetunedShare `json:"shares"` // the smallest first
	Ended      string           `json:"ended"`  // RFC 3339
}

// FinetunedShare is the comparison with one share of the labels.
type FinetunedShare struct {
	Labels     float64          `json:"labels"`
	Images     int              `json:"labelled_images"` // with the first seed
	Pretrained Trials           `json:"pretrained"`
	Scratch    Trials           `json:"scratch"`
	Gain       student.Estimate `json:"gain"` // of the pretrained over the others, seed by seed
}

// Trials are trainings that differ in the seed; accuracies in 0..1.
type Trials struct {
	N        int            `json:"n"`
	Accuracy float64        `json:"accuracy"` // the mean
	Range    score.Interval `json:"range_95"` // of one seed Wilson's, which covers the luck of the test images; of several the t interval of the mean over seeds
	Top1     []float64      `json:"top1"`     // by seed
	Runs     []string       `json:"runs"`
}

// add takes the result of another seed's run.
func (t *Trials) add(r *Run, test *Test) {
	t.N++
	t.Top1, t.Runs = append(t.Top1, test.Table.Top1), append(t.Runs, r.Dir)
	e := student.Mean(t.Top1)
	t.Accuracy, t.Range = e.Mean, score.Interval{Low: e.Mean - e.Half, High: e.Mean + e.Half}
	if t.N == 1 {
		t.Range = test.Table.Top1Range
	}
}

// Finetune trains a pretraining's network with shares of the labels, from its weights and from scratch, tests each once, and compares. The trainings are runs as Train
// makes them: those that there are already are taken, and one that was stopped goes on. The comparison replaces the one that the pretraining had before.
func (l *Lab) Finetune(ctx context.Context, s FinetuneStage) (r *Run, f *Finetuned, err error) {
	if err := s.complete(); err != nil {
		return nil, nil, err
	}
	o, err := openOrigin(s.Dir, "--run")
	if err != nil {
		return nil, nil, err
	}
	chosen, err := s.settings(o)
	if err != nil {
		return nil, nil, err
	}
	if err := o.run.take(); err != nil {
		return nil, nil, err
	}
	defer o.run.Close()
	set, err := l.load(o.run.Config.Data)
	if err != nil {
		return nil, nil, err
	}
	each := *l
	each.NoPages = true // Report draws those that somebody wants to see
	if f, err = each.compare(ctx, o, s, set, chosen); err != nil {
		stopped := new(Interrupted)
		if errors.As(err, stopped) {
			stopped.Command = l.Again()
			return nil, nil, *stopped
		}
		return nil, nil, err
	}
	if err := o.run.Write("finetune.json", f); err != nil {
		return nil, nil, err
	}
	return o.run, f, l.report(o.run)
}

// Finetuned is the result of the comparison; nil when there was none.
func (r *Run) Finetuned() (*Finetuned, error) {
	var f Finetuned
	found, err := r.read("finetune.json", &f)
	if !found {
		return nil, err
	}
	return &f, nil
}

func (s *FinetuneStage) complete() error {
	if s.Dir == "" {
		return fmt.Errorf("which run? Give --run with the directory of a pretraining")
	}
	if s.Seeds == 0 {
		s.Seeds = 1
	}
	if s.Seeds < 0 {
		return fmt.Errorf("seeds is %d: want 1 or more", s.Seeds)
	}
	if len(s.Labels) == 0 {
		s.Labels = DefaultShares()
	}
	for _, x := range s.Labels {
		if !(x > 0 && x <= 1) {
			return fmt.Errorf("labels can't be %g: give shares above 0 and up to 1, like 0.01,0.1,1", x)
		}
	}
	s.Labels = slices.Compact(slices.Sorted(slices.Values(s.Labels)))
	if s.Choice == nil {
		s.Choice = settings.TrainChoice()
	}
	return nil
}

// settings are those of the training with a share and a seed.
func (s FinetuneStage) settings(o origin) (func(share float64, seed int) settings.Train, error) {
	choice, err := o.choose(s.Choice)
	if err != nil {
		return nil, err
	}
	choice.Unset("labels", "seed")
	all, err := choice.Settings()
	return func(share float64, seed int) settings.Train {
		one := all
		one.Labels, one.Seed = share, uint64(seed)
		return one
	}, err
}

func (l *Lab) compare(ctx context.Context, o origin, s FinetuneStage, set *data.Set, chosen func(float64, int) settings.Train) (*Finetuned, error) {
	f := &Finetuned{Data: set.Title, Sample: set.Sample, Chance: 1 / float64(len(set.Classes)), Settings: chosen(s.Labels[0], 1), Seeds: s.Seeds}
	p := l.progress()
	for i, share := range s.Labels {
		train, validation := set.TrainValidation(1, f.Settings.Images)
		line := FinetunedShare{Labels: share, Images: len(set.Train.Share(train, share))}
		var gains []float64
		for seed := 1; seed <= s.Seeds; seed++ {
			for k, t := range []*Trials{&line.Pretrained, &line.Scratch} {
				c := trainingOf(set, chosen(share, seed), *o.run.Config.Genotype, o.run.Config.Cells)
				if k == 0 {
					c.From = &o.Origin
				}
				p.pass(fmt.Sprintf("training %d of %d: %g %% of the labels, seed %d, from %s", 2*(i*s.Seeds+seed-1)+k+1, 2*s.Seeds*len(s.Labels), 100*share, seed, c.From))
				r, _, err := l.train(ctx, c, set, "")
				if err != nil {
					return nil, err
				}
				r, test, _, err := l.Test(ctx, r.Dir)
				if err != nil {
					return nil, err
				}
				t.add(r, test)
				f.Test = test.Table.Images
			}
			gains = append(gains, line.Pretrained.Top1[seed-1]-line.Scratch.Top1[seed-1])
		}
		line.Gain = student.Mean(gains)
		f.Shares, f.Validation = append(f.Shares, line), len(validation)
	}
	f.Ended = time.Now().UTC().Format(time.RFC3339)
	return f, nil
}
