package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/score/student"
	"github.com/essnas/essnas/lib/settings"
	"github.com/spf13/pflag"
)

// finetuneStage returns the stage that compares trainings from pretrained and from random weights,
// with few labels.
func finetuneStage() Stage {
	return Stage{Name: "finetune", Noun: "comparison", Command: finetuneCommand, added: page.finetuned}
}

func finetuneCommand() Command {
	s := Finetune{Choice: settings.TrainChoice()}
	return Command{
		Use: "finetune", Short: "Measure the benefit of a pretraining where labels are few",
		Long: `Train a pretrained network with shares of the labels, and the same network from scratch, with the same settings and seeds. Test each network once and
compare the accuracies. Fine-tuning trains all weights; the classifier starts from random weights. An epoch has the same number of steps for every share.

Each training is a run of its own in --runs, like that of essnas train --from DIR --labels SHARE. The table and its figure go into the pretraining's report.
Ctrl-C saves, and the same command continues. A command with more seeds or shares trains only the missing networks.`,
		Example: `  essnas finetune --run runs/pretrain-cifar10-1a2b3c4d
  essnas finetune --run runs/pretrain-cifar10-1a2b3c4d --labels 0.05,0.5 --seeds 5 --preset slides --epochs 50`,
		Flags: func(f *pflag.FlagSet) {
			runFlag(f, &s.Dir, "`DIR` of the pretraining")
			f.Float64SliceVar(&s.Labels, "labels", DefaultShares(), "`SHARES` of the training images whose labels are used, separated by commas")
			f.Lookup("labels").DefValue = listed(DefaultShares()) // the help would show six decimals
			f.IntVar(&s.Seeds, "seeds", 1, "train with the seeds 1 to `N`")
			// The comparison varies labels and seed; the pretraining has set cells and channels.
			settingsFlags(f, s.Choice, "labels", "seed", "cells", "channels")
		},
		Do: func(ctx context.Context, l *Env, f *pflag.FlagSet, _ []string) (Answer, error) {
			if f.Changed("seeds") && s.Seeds < 1 {
				return Answer{}, fmt.Errorf("--seeds is %d: want 1 or more", s.Seeds)
			}
			r, compared, err := l.Finetune(ctx, s)
			if err != nil {
				return Answer{}, err
			}
			return Answer{compared, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s\nReport    %s\n", FinetunedText(compared), r.Path("report.html"))
				return err
			}}, nil
		},
	}
}

// Finetune is the request for a comparison of trainings from pretrained and from random weights.
type Finetune struct {
	Dir    string    // the run of a pretraining
	Labels []float64 // shares of the labels; none for DefaultShares
	Seeds  int       // seeds 1 to Seeds for every training; 0: one seed
	// Choice gives the settings of all trainings; nil: the default. Its labels and seed are not used.
	// Cells and channels are those of the pretraining.
	Choice *settings.Choice[settings.Train]
}

// DefaultShares returns the shares of arXiv:2103.03230, section 3.2, and all labels, in rising
// order.
func DefaultShares() []float64 { return []float64{0.01, 0.1, 1} }

// add adds the test result of the run with the next seed.
func add(t *run.Trials, r *run.Run, test *run.Test) {
	t.N++
	t.Top1, t.Runs = append(t.Top1, test.Table.Top1), append(t.Runs, r.Dir)
	e := student.Mean(t.Top1)
	t.Accuracy, t.Range = e.Mean, score.Interval{Low: e.Mean - e.Half, High: e.Mean + e.Half}
	if t.N == 1 {
		t.Range = test.Table.Top1Range
	}
}

// Finetune trains a pretraining's network with shares of the labels, from its weights and from
// scratch, tests each network once, and compares them. The trainings are runs of Train: finished
// runs are used, and stopped runs continue. The comparison replaces an earlier comparison of the
// pretraining. If the same comparison exists already, Finetune returns it without reading the data
// set. Finetune returns an error for a run that is no finished pretraining, for invalid shares or
// seeds, and the errors of Train and Test.
func (l *Env) Finetune(ctx context.Context, s Finetune) (r *run.Run, f *run.Finetuned, err error) {
	if err := s.complete(); err != nil {
		return nil, nil, err
	}
	o, err := openOrigin(s.Dir, "--run", pretrainStage())
	if err == nil {
		err = o.load(false)
	}
	if err != nil {
		return nil, nil, err
	}
	chosen, err := s.settings(o)
	if err != nil {
		return nil, nil, err
	}
	if there, err := o.run.Finetuned(); err != nil {
		return nil, nil, err
	} else if there != nil && s.is(there, chosen) {
		return o.run, there, l.shown(o.run)
	}
	if err := o.run.Take(); err != nil {
		return nil, nil, err
	}
	defer o.run.Close()
	set, err := l.load(o.run.Config.Data)
	if err != nil {
		return nil, nil, err
	}
	if err := needLabels("fine-tuning", set.Unlabelled, set.Title); err != nil {
		return nil, nil, err
	}
	each := *l
	each.NoPages = true // Report draws them on demand
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

// is reports whether a stored comparison is the requested one.
func (s Finetune) is(f *run.Finetuned, chosen func(float64, int) settings.Train) bool {
	var shares []float64
	for _, line := range f.Shares {
		shares = append(shares, line.Labels)
	}
	return f.Seeds == s.Seeds && slices.Equal(shares, s.Labels) && bytes.Equal(encode(f.Settings), encode(chosen(s.Labels[0], 1)))
}

func (s *Finetune) complete() error {
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

// settings returns the settings of the training for a share and a seed.
func (s Finetune) settings(o origin) (func(share float64, seed int) settings.Train, error) {
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

func (l *Env) compare(ctx context.Context, o origin, s Finetune, set *data.Set, chosen func(float64, int) settings.Train) (*run.Finetuned, error) {
	f := &run.Finetuned{Data: set.Title, Sample: set.Sample, Chance: 1 / float64(len(set.Classes)), Settings: chosen(s.Labels[0], 1), Seeds: s.Seeds}
	p := l.progress()
	for i, share := range s.Labels {
		train, validation := set.TrainValidation(1, f.Settings.Images)
		line := run.FinetunedShare{Labels: share, Images: len(set.Train.Share(train, share))}
		var gains []float64
		for seed := 1; seed <= s.Seeds; seed++ {
			for k, t := range []*run.Trials{&line.Pretrained, &line.Scratch} {
				c := trainingOf(set, chosen(share, seed), *o.run.Config.Genotype, o.run.Config.Cells)
				if k == 0 {
					c.From = &o.Origin
				}
				p.pass(fmt.Sprintf("training %d of %d: %g %% of the labels, seed %d, from %s", 2*(i*s.Seeds+seed-1)+k+1, 2*s.Seeds*len(s.Labels), 100*share, seed, c.From))
				r, _, err := l.train(ctx, request{config: c, images: loaded(set)}, "")
				if err != nil {
					return nil, err
				}
				r, test, _, err := l.Test(ctx, r.Dir)
				if err != nil {
					return nil, err
				}
				add(t, r, test)
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
